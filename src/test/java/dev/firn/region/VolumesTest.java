package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.ErrorKind;
import dev.firn.base.Sizes;
import dev.firn.snapshot.Files;
import dev.firn.snapshot.Snapshot;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.VolumeKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VolumesTest {
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

  private void reopen() throws IOException {
    region.close();
    open();
  }

  private Volume create(String name) throws IOException {
    return region.createVolume(VolumeRequest.empty(name, Sizes.GIB));
  }

  @Test
  void newVolumeIsEmptyAndHasItsSize() throws IOException {
    Volume made = create("data");
    assertTrue(made.id().matches("vol-[0-9a-f]{8}"), made.id());
    assertEquals(VolumeKind.FILESYSTEM, made.kind());
    assertEquals("lz4", made.compression());
    assertEquals("local-1a", made.subregion());
    assertEquals(VolumeState.AVAILABLE, made.state());
    assertNull(made.sourceSnapshotId());
    assertEquals(made, region.volume("data"));
    assertEquals(made, region.volume(made.id()));
    try (FileSystem files = region.openVolume("data", false)) {
      assertEquals(Sizes.GIB, files.status().totalBytes());
      assertEquals(List.of(), new Files(files).names(""));
      assertEquals(VolumeState.IN_USE, region.volume("data").state());
    }
    assertEquals(VolumeState.AVAILABLE, region.volume("data").state());
    reopen();
    assertEquals(List.of(made), region.volumes());
  }

  @Test
  void contentSurvivesCloseOfTheRegionWithTheVolumeOpen() throws IOException {
    create("data");
    FileSystem files = region.openVolume("data", false);
    new Files(files).write("a", "text");
    reopen();
    try (FileSystem again = region.openVolume("data", false)) {
      assertEquals("text", new Files(again).read("a"));
    }
  }

  /** What a map says of its volume is for a catalog that is lost; nothing else needs it. */
  @Test
  void aVolumeWhoseDiskTakesNothingIsStillRenamedAndRead() throws IOException {
    create("data");
    try (FileSystem files = region.openVolume("data", false)) {
      new Files(files).write("a", "text");
    }
    reopen();
    // As on a disk that fails: no segment can be begun.
    Path segments = directory.resolve("home/store/segments/local-1a");
    List<Path> obstacles = new ArrayList<>();
    for (int i = 1; i < 100; i++) {
      Path next = segments.resolve(String.format("00000001-%08x.seg", i));
      if (!java.nio.file.Files.exists(next)) {
        obstacles.add(java.nio.file.Files.createDirectory(next));
      }
    }
    assertEquals("other", region.renameVolume("data", "other").name());
    FileSystem files = region.openVolume("other", false);
    assertEquals("text", new Files(files).read("a"));
    assertThrows(IOException.class, files::close);
    for (Path each : obstacles) {
      java.nio.file.Files.delete(each);
    }
  }

  @Test
  void unknownVolumeIsNotFound() {
    for (String reference : List.of("nope", "vol-00000000", "", "a b\nc")) {
      Errors.of(ErrorKind.NOT_FOUND, "does not exist", () -> region.volume(reference));
    }
    Errors.of(ErrorKind.NOT_FOUND, "'nope'", () -> region.openVolume("nope", false));
    Errors.of(ErrorKind.NOT_FOUND, "'nope'", () -> region.deleteVolume("nope"));
    Errors.of(ErrorKind.NOT_FOUND, "'nope'", () -> region.resizeVolume("nope", Sizes.GIB));
    Errors.of(ErrorKind.NOT_FOUND, "'nope'", () -> region.renameVolume("nope", "x"));
    Errors.of(ErrorKind.NOT_FOUND, "'nope'", () -> region.snapshots("nope"));
    Errors.of(
        ErrorKind.NOT_FOUND, "'nope'", () -> region.createSnapshot("nope", null, null, Map.of()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "-a", ".a", "a/b", "a@b", "a b", "é", "vol-0123abcd", "snap-0123abcd", "a\n"})
  void badNamesAreRefused(String name) throws IOException {
    Errors.of(ErrorKind.USAGE, "name", () -> create(name));
    create("good");
    Errors.of(ErrorKind.USAGE, "name", () -> region.renameVolume("good", name));
  }

  @Test
  void namesMayBe128Long() throws IOException {
    create("n".repeat(128));
    Errors.of(ErrorKind.USAGE, "128", () -> create("n".repeat(129)));
    create("vol-0123abcg");
    create("A.b_c-9");
  }

  @Test
  void takenNamesAreConflicts() throws IOException {
    create("data");
    create("other");
    Errors.of(ErrorKind.CONFLICT, "'data' exists already", () -> create("data"));
    Errors.of(
        ErrorKind.CONFLICT, "'data' exists already", () -> region.renameVolume("other", "data"));
    assertEquals("other", region.renameVolume("other", "other").name());
    region.deleteVolume("data");
    create("data");
  }

  @Test
  void wrongRequestsLeaveNothing() throws IOException {
    Errors.of(ErrorKind.USAGE, "filesystem", () -> create(new String[] {"v", "tape", null, null}));
    Errors.of(ErrorKind.USAGE, "filesystem", () -> create(new String[] {"v", "tape", null, null}));
    Errors.of(ErrorKind.USAGE, "local-1a", () -> create(new String[] {"v", null, "nowhere", null}));
    Errors.of(
        ErrorKind.USAGE, "lz4, zstd, none", () -> create(new String[] {"v", null, null, "rar"}));
    for (long size : new long[] {0, -1, Sizes.MIB - 1, Sizes.VOLUME_BYTES_MAX + 1}) {
      Errors.of(
          ErrorKind.USAGE, "14901G", () -> region.createVolume(VolumeRequest.empty("v", size)));
    }
    Errors.of(
        ErrorKind.USAGE,
        "needs a size",
        () -> region.createVolume(new VolumeRequest("v", null, null, null, null, null)));
    Errors.of(
        ErrorKind.NOT_FOUND, "'gone'", () -> region.createVolume(VolumeRequest.from("v", "gone")));
    assertEquals(List.of(), region.volumes());
    create("v");
    region.createVolume(VolumeRequest.empty("max", Sizes.VOLUME_BYTES_MAX));
  }

  private void create(String[] request) throws IOException {
    region.createVolume(
        new VolumeRequest(request[0], request[1], Sizes.GIB, null, request[2], request[3]));
  }

  @Test
  void volumesGrowButDoNotShrink() throws IOException {
    create("data");
    assertEquals(2 * Sizes.GIB, region.resizeVolume("data", 2 * Sizes.GIB).sizeBytes());
    try (FileSystem files = region.openVolume("data", false)) {
      region.resizeVolume("data", 3 * Sizes.GIB);
      assertEquals(3 * Sizes.GIB, files.status().totalBytes());
    }
    Errors.of(
        ErrorKind.CONFLICT, "3G and cannot shrink", () -> region.resizeVolume("data", Sizes.GIB));
    Errors.of(ErrorKind.USAGE, "14901G", () -> region.resizeVolume("data", 0));
    Errors.of(ErrorKind.USAGE, "14901G", () -> region.resizeVolume("data", Long.MAX_VALUE));
    reopen();
    assertEquals(3 * Sizes.GIB, region.volume("data").sizeBytes());
  }

  @Test
  void openVolumeIsInUse() throws IOException {
    create("data");
    FileSystem files = region.openVolume("data", false);
    Errors.of(ErrorKind.CONFLICT, "in use", () -> region.openVolume("data", false));
    Errors.of(ErrorKind.CONFLICT, "unmount it first", () -> region.deleteVolume("data"));
    region.renameVolume("data", "renamed");
    files.close();
    region.openVolume("renamed", false).close();
    region.deleteVolume("renamed");
    assertEquals(List.of(), region.volumes());
  }

  @Test
  void mountedVolumeIsNotDeleted() throws IOException {
    Volume volume = create("data");
    MountRecord mount =
        new MountRecord(
            Path.of("/mnt/x"), volume.id(), false, true, "jnr-fuse", List.of("a", "b=\"c\""));
    region.saveMount(mount);
    Errors.of(ErrorKind.CONFLICT, "unmount it first", () -> region.deleteVolume("data"));
    reopen();
    assertEquals(List.of(mount), region.mounts());
    MountRecord other =
        new MountRecord(Path.of("/mnt/x"), volume.id(), true, false, "kernel", List.of());
    region.saveMount(other);
    assertEquals(List.of(other), region.mounts());
    region.removeMount(Path.of("/mnt/y"));
    region.removeMount(Path.of("/mnt/x"));
    region.deleteVolume("data");
    assertEquals(List.of(), region.mounts());
  }

  @Test
  void mountsOfWhatIsGoneAreForgotten() throws IOException {
    region.saveMount(
        new MountRecord(Path.of("/mnt/x"), "snap-00000000", true, false, "kernel", List.of()));
    reopen();
    assertEquals(List.of(), region.mounts());
  }

  @Test
  void volumeFromSnapshotIsIndependent() throws IOException {
    create("data");
    try (FileSystem files = region.openVolume("data", false)) {
      new Files(files).write("a", "one");
      new Files(files).makeDirectory("d");
    }
    Snapshot source = region.createSnapshot("data", "s", null, Map.of());
    Volume same = region.createVolume(VolumeRequest.from("same", "data@s"));
    Volume larger =
        region.createVolume(
            new VolumeRequest("larger", null, 2 * Sizes.GIB, source.id(), null, "none"));
    Errors.of(
        ErrorKind.USAGE,
        "at least 1G",
        () -> region.createVolume(new VolumeRequest("less", null, Sizes.MIB, "s", null, null)));
    assertEquals(source.id(), same.sourceSnapshotId());
    assertEquals(Sizes.GIB, same.sizeBytes());
    assertEquals(2 * Sizes.GIB, larger.sizeBytes());
    assertNotEquals(same.id(), larger.id());
    try (FileSystem a = region.openVolume("same", false);
        FileSystem b = region.openVolume("larger", false)) {
      new Files(a).write("a", "two");
      assertEquals("one", new Files(b).read("a"));
      assertEquals(2 * Sizes.GIB, b.status().totalBytes());
      assertEquals(2 * Sizes.GIB - Sizes.GIB, b.status().freeBytes() - a.status().freeBytes());
    }
    region.deleteSnapshots(List.of("s"));
    region.deleteVolume("data");
    reopen();
    try (FileSystem a = region.openVolume("same", false);
        FileSystem b = region.openVolume("larger", false)) {
      assertEquals("two", new Files(a).read("a"));
      assertEquals("one", new Files(b).read("a"));
      new Files(b).makeDirectory("d/e");
    }
  }

  @Test
  void snapshotsOutliveTheirVolume() throws IOException {
    create("data");
    try (FileSystem files = region.openVolume("data", false)) {
      new Files(files).write("a", "one");
    }
    Snapshot first = region.createSnapshot("data", "first", null, Map.of());
    Snapshot second = region.createSnapshot("data", "second", null, Map.of());
    region.deleteVolume("data");
    Errors.of(ErrorKind.NOT_FOUND, "'data'", () -> region.volume("data"));
    assertEquals(2, region.snapshots("data").size());
    assertEquals(2, region.snapshots(first.volumeId()).size());
    assertEquals(first, region.snapshot("data@first"));
    assertEquals(second, region.snapshot("data@last"));
    create("data");
    Errors.of(ErrorKind.NOT_FOUND, "first", () -> region.snapshot("data@first"));
    assertEquals(first, region.snapshot("first"));
    reopen();
    region.deleteSnapshots(List.of("second"));
    try (FileSystem files = region.openSnapshot("first")) {
      assertEquals("one", new Files(files).read("a"));
      assertTrue(maps().contains(first.volumeNumber()));
    }
    region.deleteSnapshots(List.of("first"));
    assertEquals(List.of(region.volume("data").number()), maps());
  }

  private List<Long> maps() throws IOException {
    try (var files = java.nio.file.Files.list(directory.resolve("home/store/volumes"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".super"))
          .map(name -> Long.parseLong(name.substring(0, 8), 16))
          .sorted()
          .toList();
    }
  }

  @Test
  void renamingReachesSnapshots() throws IOException {
    create("data");
    region.createSnapshot("data", "s", null, Map.of());
    region.renameVolume("data", "renamed");
    assertEquals("renamed", region.snapshot("renamed@s").volumeName());
    Errors.of(ErrorKind.NOT_FOUND, "'data'", () -> region.snapshot("data@s"));
  }
}
