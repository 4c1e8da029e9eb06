package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.FoundDamages;
import dev.firn.base.Bytes;
import dev.firn.base.ErrorKind;
import dev.firn.base.Sizes;
import dev.firn.snapshot.Files;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.VolumeKind;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A home that was made once and kept opens with everything in it; a newer one is refused. */
class GoldenHomeTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/home-1");
  private static final Instant MADE_AT = Instant.parse("2026-01-31T09:05:00Z");

  @TempDir Path directory;
  private Path home;

  /** Makes the golden home anew: only for a new version of the format, never to mend a test. */
  public static void main(String[] arguments) throws IOException {
    Region.init(GOLDEN, "golden-1", List.of("golden-1a", "golden-1b"));
    try (Region region = Region.open(GOLDEN, Clock.fixed(MADE_AT, ZoneOffset.UTC))) {
      region.createVolume(new VolumeRequest("data", null, Sizes.GIB, null, "golden-1b", "zstd"));
      try (FileSystem files = region.openVolume("data", false)) {
        new Files(files).makeDirectory("folder");
        new Files(files).write("folder/file", "before".repeat(500));
      }
      region.createSnapshot("data", "one", "the first", Map.of("stage", "test"));
      try (FileSystem files = region.openVolume("data", false)) {
        new Files(files).write("folder/file", "after".repeat(500));
      }
      region.createVolume(VolumeRequest.from("clone", "data@one"));
      region.saveMount(
          new MountRecord(
              Path.of("/srv/data"),
              region.volume("data").id(),
              false,
              true,
              "kernel",
              List.of("noacl")));
    }
    for (String needless : new String[] {"run", "log", "tmp", "lock"}) {
      java.nio.file.Files.delete(GOLDEN.resolve(needless));
    }
    try (Stream<Path> all = java.nio.file.Files.walk(GOLDEN.resolve("store/segments"))) {
      for (Path segment : all.filter(java.nio.file.Files::isRegularFile).toList()) {
        withoutZerosAtTheEnd(segment);
      }
    }
  }

  /** Those that were written ahead. */
  private static void withoutZerosAtTheEnd(Path segment) throws IOException {
    byte[] bytes = java.nio.file.Files.readAllBytes(segment);
    int end = bytes.length;
    while (end > 0 && bytes[end - 1] == 0) {
      end--;
    }
    // Records end at multiples of 8.
    byte[] kept = java.util.Arrays.copyOf(bytes, Math.min(bytes.length, (end + 7) / 8 * 8));
    java.nio.file.Files.write(segment, kept);
  }

  @BeforeEach
  void copy() throws IOException {
    home = directory.resolve("home");
    try (Stream<Path> all = java.nio.file.Files.walk(GOLDEN)) {
      for (Path each : (Iterable<Path>) all::iterator) {
        java.nio.file.Files.copy(each, home.resolve(GOLDEN.relativize(each)));
      }
    }
  }

  @Test
  void everythingIsThere() throws IOException {
    try (Region region = Region.open(home)) {
      assertEquals("golden-1", region.info().name());
      assertEquals(List.of("golden-1a", "golden-1b"), region.info().subregions());
      Volume data = region.volume("data");
      assertEquals(
          new Volume(
              data.id(),
              1,
              "data",
              VolumeKind.FILESYSTEM,
              Sizes.GIB,
              VolumeState.AVAILABLE,
              "zstd",
              "golden-1b",
              null,
              MADE_AT,
              Snapshot.OWNER_ACCOUNT_ID,
              Map.of()),
          data);
      Snapshot one = region.snapshot("data@one");
      assertEquals(
          new Snapshot(
              one.id(),
              1,
              "one",
              1,
              data.id(),
              "data",
              VolumeKind.FILESYSTEM,
              SnapshotState.COMPLETED,
              100,
              "the first",
              Sizes.GIB,
              MADE_AT,
              Map.of("stage", "test"),
              null,
              Snapshot.OWNER_ACCOUNT_ID,
              one.id()),
          one);
      assertEquals(one.id(), region.volume("clone").sourceSnapshotId());
      assertEquals(
          List.of(
              new MountRecord(
                  Path.of("/srv/data"), data.id(), false, true, "kernel", List.of("noacl"))),
          region.mounts());
      try (FileSystem files = region.openVolume("data", false)) {
        assertEquals("after".repeat(500), new Files(files).read("folder/file"));
      }
      try (FileSystem files = region.openVolume("clone", false)) {
        assertEquals("before".repeat(500), new Files(files).read("folder/file"));
      }
      try (FileSystem files = region.openSnapshot("data@one")) {
        assertEquals("before".repeat(500), new Files(files).read("folder/file"));
      }
      FoundDamages found = new FoundDamages();
      assertEquals(0, region.upkeep().check(false, found), () -> found.all().toString());
    }
  }

  @Test
  void aNewerHomeIsRefused() throws IOException {
    java.nio.file.Files.writeString(
        home.resolve("format"), "2\n", StandardOpenOption.TRUNCATE_EXISTING);
    Errors.of(ErrorKind.FAILED, "newer Firn", () -> Region.open(home).close());
  }

  @Test
  void aNewerCatalogIsRefusedAndLeftAsItIs() throws IOException {
    try (Catalog catalog = Catalog.open(home.resolve("catalog.db"))) {
      catalog.transact(
          handle ->
              handle.execute(
                  "INSERT INTO flyway_schema_history (installed_rank, version, description, type,"
                      + " script, installed_by, execution_time, success) VALUES (99, '99', 'later',"
                      + " 'SQL', 'V99__later.sql', 'x', 1, 1)"));
    }
    byte[] before = java.nio.file.Files.readAllBytes(home.resolve("catalog.db"));
    Errors.of(ErrorKind.FAILED, "newer Firn", () -> Region.open(home).close());
    Errors.of(ErrorKind.FAILED, "newer Firn", () -> Region.rebuildCatalog(home));
    assertEquals(
        Bytes.text(before),
        Bytes.text(java.nio.file.Files.readAllBytes(home.resolve("catalog.db"))));
  }
}
