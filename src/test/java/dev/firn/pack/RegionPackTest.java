package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.firn.Seeds;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.region.Region;
import dev.firn.region.VolumeRequest;
import dev.firn.snapshot.Snapshot;
import dev.firn.vfs.Disk;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.VolumeKind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** From one home to another. */
class RegionPackTest {
  @TempDir Path directory;

  private Path export(Region region, PackageFormat format) throws IOException {
    Path file = directory.resolve("monday." + format.text());
    Exporter.exportToFile(
        region, "data@monday", ExportOptions.full(format), file, ProgressListener.NONE);
    return file;
  }

  private static Snapshot importFrom(Region region, Path file, String name) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      ImportOptions options = new ImportOptions(name, null, Trust.ALL, file.toString());
      return Importer.importFrom(region, in, null, options, ProgressListener.NONE);
    }
  }

  private static void fill(Region region, Random random) throws IOException {
    region.createVolume(VolumeRequest.empty("data", 1L << 30));
    try (FileSystem volume = region.openVolume("data", false)) {
      Trees.fillRandomly(volume, random, 100);
    }
    region.createSnapshot("data", "monday", "the first", Map.of("stage", "test"));
  }

  private static void fillDisk(Region region) throws IOException {
    region.createVolume(new VolumeRequest("data", "block", 1L << 24, null, null, null));
    try (FileSystem volume = region.openVolume("data", false)) {
      long disk = volume.lookup(FileSystem.ROOT_INODE, Disk.name()).inode();
      byte[] bytes = new byte[1 << 24];
      new Random(1).nextBytes(bytes);
      // Full to the last byte: what describes a disk must not count.
      volume.write(disk, 0, ByteBuffer.wrap(bytes));
    }
    region.createSnapshot("data", "monday", "the first", Map.of());
  }

  @Test
  void aDiskStaysOne() throws IOException {
    try (Region here = Region.open(directory.resolve("here"));
        Region there = Region.open(directory.resolve("there"))) {
      fillDisk(here);
      Snapshot imported = importFrom(there, export(here, PackageFormat.FIRN), "copy");
      assertEquals(VolumeKind.BLOCK, imported.kind());
      assertEquals(1L << 24, imported.sizeBytes());
      try (FileSystem before = here.openSnapshot("data@monday");
          FileSystem after = there.openSnapshot(imported.id())) {
        assertEquals(Trees.describe(before), Trees.describe(after));
      }
      there.createVolume(VolumeRequest.from("again", imported.id()));
      try (FileSystem files = there.openVolume("again", false)) {
        assertThrows(IOException.class, () -> files.unlink(FileSystem.ROOT_INODE, Disk.name()));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ZIP")
  void snapshotGoesFromHomeToHome(PackageFormat format) throws IOException {
    Random random = Seeds.random("snapshotGoesFromHomeToHome");
    try (Region here = Region.open(directory.resolve("here"));
        Region there = Region.open(directory.resolve("there"))) {
      fill(here, random);
      Snapshot imported = importFrom(there, export(here, format), "copy");

      assertEquals(List.of("copy"), there.snapshots(null).stream().map(Snapshot::name).toList());
      boolean archive = format != PackageFormat.FIRN;
      Snapshot original = here.snapshot("data@monday");
      assertEquals(archive ? "" : "the first", imported.description());
      assertEquals(archive ? Map.of() : original.tags(), imported.tags());
      if (!archive) {
        assertEquals(original.createdAt(), imported.createdAt());
        assertEquals(original.sizeBytes(), imported.sizeBytes());
      }
      try (FileSystem before = here.openSnapshot("data@monday");
          FileSystem after = there.openSnapshot("copy")) {
        Trees.Except[] except =
            archive ? new Trees.Except[] {Trees.Except.SOCKETS} : new Trees.Except[0];
        assertEquals(Trees.describe(before, except), Trees.describe(after, except));
      }
      // What was imported can be exported, too, and used.
      there.createVolume(VolumeRequest.from("again", "copy"));
      Exporter.exportToFile(
          there,
          "copy",
          ExportOptions.full(format),
          directory.resolve("again"),
          ProgressListener.NONE);
      importFrom(here, directory.resolve("again"), "back");
    }
  }

  @Test
  void exportIsTheSameAfterARestart() throws IOException {
    byte[] first;
    try (Region region = Region.open(directory.resolve("here"))) {
      fill(region, new Random(9));
      first = Files.readAllBytes(export(region, PackageFormat.FIRN));
    }
    try (Region region = Region.open(directory.resolve("here"))) {
      assertArrayEquals(first, Files.readAllBytes(export(region, PackageFormat.FIRN)));
    }
  }

  @Test
  void failedImportLeavesNothing() throws IOException {
    try (Region here = Region.open(directory.resolve("here"));
        Region there = Region.open(directory.resolve("there"))) {
      fill(here, new Random(9));
      byte[] whole = Files.readAllBytes(export(here, PackageFormat.FIRN));
      Path cut = directory.resolve("cut.firn");
      Files.write(cut, Arrays.copyOf(whole, whole.length - 1000));

      FirnException refusal = assertThrows(FirnException.class, () -> importFrom(there, cut, null));

      assertEquals(ErrorKind.CORRUPT, refusal.kind());
      assertEquals(List.of(), there.snapshots(null));
      assertEquals(List.of(), there.volumes());
      importFrom(there, export(here, PackageFormat.FIRN), null);
      assertEquals("monday", there.snapshots(null).get(0).name());
    }
  }
}
