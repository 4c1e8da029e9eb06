package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.FoundDamages;
import dev.firn.base.ErrorKind;
import dev.firn.base.Sizes;
import dev.firn.snapshot.Files;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImportTest {
  @TempDir Path directory;
  private Region region;

  @BeforeEach
  void open() throws IOException {
    region = Region.open(directory.resolve("home"));
  }

  @AfterEach
  void close() throws IOException {
    region.close();
  }

  private static ImportRequest request(String name) {
    return new ImportRequest(name, Sizes.GIB, null, Map.of(), null, null);
  }

  private Snapshot publish(ImportRequest request) throws IOException {
    try (SnapshotImport begun = region.beginImport(request)) {
      new Files(begun.target()).write("a", "text");
      return begun.publish();
    }
  }

  private long mapCount() throws IOException {
    try (var files = java.nio.file.Files.list(directory.resolve("home/store/volumes"))) {
      return files.count();
    }
  }

  @Test
  void publishedImportIsASnapshot() throws IOException {
    Instant createdAt = Instant.parse("2020-02-03T04:05:06.789123456Z");
    Snapshot taken =
        publish(
            new ImportRequest(
                "n", 2 * Sizes.GIB, "text", Map.of("k", "v"), createdAt, "elsewhere"));
    assertEquals(SnapshotState.COMPLETED, taken.state());
    assertEquals("vol-ffffffff", taken.volumeId());
    assertEquals(Instant.parse("2020-02-03T04:05:06.789Z"), taken.createdAt());
    assertEquals(List.of(), region.volumes());
    close();
    open();
    assertEquals(List.of(taken), region.snapshots(null));
    assertEquals(taken, region.snapshot("elsewhere@n"));
    assertEquals(taken, region.snapshot("n"));
    try (FileSystem files = region.openSnapshot("n")) {
      assertEquals("text", new Files(files).read("a"));
      assertEquals(2 * Sizes.GIB, files.status().totalBytes());
    }
    region.createVolume(VolumeRequest.from("v", "n"));
    region.deleteSnapshots(List.of("n"));
    try (FileSystem files = region.openVolume("v", false)) {
      assertEquals("text", new Files(files).read("a"));
    }
    assertEquals(1, mapCount());
  }

  @Test
  void unpublishedImportLeavesNothing() throws IOException {
    SnapshotImport begun = region.beginImport(request("n"));
    new Files(begun.target()).write("a", "text");
    assertEquals(List.of(), region.volumes());
    assertEquals(List.of(), region.snapshots(null));
    assertEquals(1, mapCount());
    begun.close();
    begun.close();
    assertEquals(0, mapCount());
    assertThrows(IllegalStateException.class, begun::publish);
    publish(request("n"));
  }

  @Test
  void closeOfTheRegionEndsImports() throws IOException {
    SnapshotImport begun = region.beginImport(request("n"));
    new Files(begun.target()).write("a", "text");
    close();
    open();
    begun.close();
    assertEquals(0, mapCount());
  }

  @Test
  void sizeMayBecomeKnownAtTheEnd() throws IOException {
    try (SnapshotImport begun = region.beginImport(request("n"))) {
      begun.resize(3 * Sizes.GIB);
      assertEquals(3 * Sizes.GIB, begun.target().status().totalBytes());
      Errors.of(ErrorKind.USAGE, "14901G", () -> begun.resize(1));
      begun.resize(Sizes.MIB);
      assertEquals(Sizes.MIB, begun.publish().sizeBytes());
    }
  }

  @Test
  void wrongRequestsAreRefusedAtOnce() throws IOException {
    Errors.of(ErrorKind.USAGE, "snapshot name", () -> region.beginImport(request("a/b")));
    Errors.of(
        ErrorKind.USAGE,
        "14901G",
        () ->
            region.beginImport(
                new ImportRequest(null, Long.MAX_VALUE, null, Map.of(), null, null)));
    Errors.of(
        ErrorKind.USAGE,
        "source volume",
        () ->
            region.beginImport(new ImportRequest(null, Sizes.GIB, null, Map.of(), null, "../etc")));
    publish(request("n"));
    Errors.of(ErrorKind.CONFLICT, "'n' already", () -> region.beginImport(request("n")));
    assertEquals(1, mapCount());
  }

  @Test
  void nameTakenMeanwhileIsAConflictAndLeavesNothing() throws IOException {
    try (SnapshotImport slow = region.beginImport(request("n"))) {
      publish(request("n"));
      Errors.of(ErrorKind.CONFLICT, "'n' already", slow::publish);
    }
    assertEquals(1, region.snapshots(null).size());
    assertEquals(1, mapCount());
  }

  @Test
  void unnamedImportsDoNotCollide() throws IOException {
    Snapshot one = publish(request(null));
    Snapshot two = publish(request(null));
    assertTrue(two.number() > one.number());
    assertEquals(2, region.snapshots(Snapshot.NO_VOLUME_ID).size());
    region.deleteSnapshots(List.of(one.id(), two.id()));
    assertEquals(0, mapCount());
  }

  @Test
  void aScrubLeavesWhatIsHalfMadeAlone() throws IOException {
    try (SnapshotImport begun = region.beginImport(request("n"))) {
      new Files(begun.target()).write("a", "text".repeat(1000));
      begun.target().syncAll();
      FoundDamages damages = new FoundDamages();
      assertEquals(0, region.upkeep().scrub(0, true, damages).verifiedBytes());
      assertEquals(List.of(), damages.all());
      begun.publish();
      assertTrue(region.upkeep().scrub(0, true, damages).verifiedBytes() > 0);
      assertEquals(List.of(), damages.all());
    }
  }

  @Test
  void whatCameBehindTheKeptIsNotInAResumedImport() throws IOException {
    SnapshotImport begun = region.beginKeptImport(request("n"), null, "it");
    new Files(begun.target()).write("a", "kept");
    begun.keep(new byte[] {1});
    long map = ((RegionImport) begun).volumeNumber();
    // Somebody else keeps the map open, and with it what was not committed.
    region
        .maps()
        .with(
            map,
            kept -> {
              new Files(begun.target()).write("b", "behind");
              begun.close();
              try (SnapshotImport resumed = region.beginKeptImport(request("n"), null, "it")) {
                assertArrayEquals(new byte[] {1}, resumed.kept());
                new Files(resumed.target()).write("c", "more");
                return resumed.publish();
              }
            });
    try (FileSystem files = region.openSnapshot("n")) {
      assertEquals(List.of("a", "c"), new Files(files).names(""));
    }
    FoundDamages damages = new FoundDamages();
    region.upkeep().check(false, damages);
    assertEquals(List.of(), damages.all());
  }

  @Test
  void nameTakenMeanwhileCostsNothingThatWasKept() throws IOException {
    try (SnapshotImport slow = region.beginKeptImport(request("n"), null, "it")) {
      new Files(slow.target()).write("a", "kept");
      slow.keep(new byte[] {1});
      publish(request("n"));
      Errors.of(ErrorKind.CONFLICT, "'n' already", slow::publish);
    }
    Errors.of(
        ErrorKind.CONFLICT, "'n' already", () -> region.beginKeptImport(request("n"), null, "it"));
    try (SnapshotImport resumed = region.beginKeptImport(request("m"), null, "it")) {
      assertArrayEquals(new byte[] {1}, resumed.kept());
      resumed.publish();
    }
    try (FileSystem files = region.openSnapshot("m")) {
      assertEquals("kept", new Files(files).read("a"));
    }
    assertEquals(0, region.discardKeptImports());
  }
}
