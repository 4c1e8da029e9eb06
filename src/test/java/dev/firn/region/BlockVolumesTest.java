package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.base.ErrorKind;
import dev.firn.base.Sizes;
import dev.firn.snapshot.Snapshot;
import dev.firn.vfs.Disk;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.VolumeKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlockVolumesTest {
  private static final long SIZE = 8 * Sizes.MIB;

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

  private Volume create(String name) throws IOException {
    return region.createVolume(new VolumeRequest(name, "block", SIZE, null, null, null));
  }

  private static long disk(FileSystem files) throws IOException {
    return files.lookup(FileSystem.ROOT_INODE, Disk.name()).inode();
  }

  private void write(String volume, long offset, String text) throws IOException {
    try (FileSystem files = region.openVolume(volume, false)) {
      files.write(disk(files), offset, ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
    }
  }

  private static String read(FileSystem files, long offset, int length) throws IOException {
    ByteBuffer target = ByteBuffer.allocate(length);
    files.read(disk(files), offset, target);
    return new String(target.array(), StandardCharsets.US_ASCII);
  }

  private long diskBytes(String volume) throws IOException {
    try (FileSystem files = region.openVolume(volume, false)) {
      return files.getAttributes(disk(files)).sizeBytes();
    }
  }

  @Test
  void snapshotsAndVolumesFromThemAreDisksToo() throws IOException {
    assertEquals(VolumeKind.BLOCK, create("db").kind());
    write("db", 4096, "first");
    Snapshot snapshot = region.createSnapshot("db", "one", null, Map.of());
    assertEquals(VolumeKind.BLOCK, snapshot.kind());
    write("db", 4096, "later");
    try (FileSystem files = region.openSnapshot("db@one")) {
      assertEquals("first", read(files, 4096, 5));
    }
    Volume clone = region.createVolume(VolumeRequest.from("clone", "db@one"));
    assertEquals(VolumeKind.BLOCK, clone.kind());
    assertEquals(SIZE, clone.sizeBytes());
    try (FileSystem files = region.openVolume("clone", false)) {
      assertEquals("first", read(files, 4096, 5));
    }
    region.createVolume(new VolumeRequest("larger", null, 2 * SIZE, "db@one", null, null));
    region.createSnapshot("larger", "two", null, Map.of());
    try (FileSystem files = region.openSnapshot("larger@two")) {
      assertEquals(2 * SIZE, files.getAttributes(disk(files)).sizeBytes());
      assertEquals("first", read(files, 4096, 5));
    }
    region.rollback("db", "db@one");
    try (FileSystem files = region.openVolume("db", false)) {
      assertEquals("first", read(files, 4096, 5));
    }
  }

  @Test
  void wrongKindsAndSizesAreRefused() throws IOException {
    Errors.of(
        ErrorKind.USAGE,
        "multiple of 512",
        () -> region.createVolume(new VolumeRequest("odd", "block", SIZE + 100, null, null, null)));
    Errors.of(
        ErrorKind.USAGE,
        "filesystem, block",
        () -> region.createVolume(new VolumeRequest("odd", "tape", SIZE, null, null, null)));
    create("db");
    region.createSnapshot("db", "one", null, Map.of());
    Errors.of(
        ErrorKind.USAGE,
        "is of kind 'block'",
        () ->
            region.createVolume(
                new VolumeRequest("files", "filesystem", null, "db@one", null, null)));
    Errors.of(ErrorKind.USAGE, "multiple of 512", () -> region.resizeVolume("db", 2 * SIZE + 1));
    Errors.of(ErrorKind.CONFLICT, "cannot shrink", () -> region.resizeVolume("db", SIZE / 2));
    assertEquals(List.of("db"), region.volumes().stream().map(Volume::name).toList());
  }

  @Test
  void growsOpenOrNot() throws IOException {
    create("db");
    region.resizeVolume("db", 2 * SIZE);
    region.createSnapshot("db", "grown", null, Map.of());
    try (FileSystem files = region.openSnapshot("db@grown")) {
      assertEquals(2 * SIZE, files.getAttributes(disk(files)).sizeBytes());
    }
    try (FileSystem files = region.openVolume("db", false)) {
      region.resizeVolume("db", 3 * SIZE);
      assertEquals(3 * SIZE, files.getAttributes(disk(files)).sizeBytes());
    }
    assertEquals(3 * SIZE, diskBytes("db"));
    // The disk of a snapshot that was taken before grows with the volume that went back to it.
    region.rollback("db", "db@grown");
    assertEquals(3 * SIZE, diskBytes("db"));
  }

  @Test
  void whatIsImportedAsADiskMustBeOne() throws IOException {
    ImportRequest request =
        new ImportRequest("x", SIZE, null, Map.of(), null, null, VolumeKind.BLOCK, null);
    try (SnapshotImport session = region.beginImport(request)) {
      session.target().makeDirectory(FileSystem.ROOT_INODE, new byte[] {'a'}, 0755, 0, 0);
      Errors.of(ErrorKind.CORRUPT, "something else", session::publish);
    }
    assertEquals(List.of(), region.snapshots(null));
  }

  @Test
  void aCatalogMadeAnewKnowsTheKinds() throws IOException {
    create("db");
    write("db", 0, "text");
    region.createSnapshot("db", "one", null, Map.of());
    region.createVolume(VolumeRequest.empty("files", Sizes.GIB));
    List<Volume> volumes = region.volumes();
    List<Snapshot> snapshots = region.snapshots(null);
    region.close();
    Files.delete(directory.resolve("home/catalog.db"));
    Region.rebuildCatalog(directory.resolve("home"));
    open();
    assertEquals(volumes, region.volumes());
    assertEquals(snapshots, region.snapshots(null));
    try (FileSystem files = region.openVolume("db", false)) {
      assertEquals("text", read(files, 0, 4));
    }
  }
}
