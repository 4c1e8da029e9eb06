package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.Sizes;
import dev.firn.region.Region;
import dev.firn.region.VolumeRequest;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What transfers tell of how far they are. */
class ProgressTest {
  private static final int MIB = (int) Sizes.MIB;

  @TempDir Path directory;

  private record Told(long doneBytes, long totalBytes) {}

  /** Told of one step, which ends with all that it said there was. */
  private static void assertWhole(List<Told> told, long totalBytes) {
    long last = 0;
    for (Told each : told) {
      assertEquals(totalBytes, each.totalBytes, told::toString);
      assertTrue(each.doneBytes >= last && each.doneBytes <= totalBytes, told::toString);
      last = each.doneBytes;
    }
    assertFalse(told.isEmpty());
    assertEquals(totalBytes, last, told::toString);
  }

  private static byte[] bytes(int mebibytes) {
    return Trees.random(new Random(mebibytes), mebibytes * MIB);
  }

  private static List<Told> export(Region region, String name, String base, Path file)
      throws IOException {
    List<Told> told = new ArrayList<>();
    ExportOptions options = new ExportOptions(PackageFormat.FIRN, base, null);
    Exporter.exportToFile(
        region, name, options, file, (done, total) -> told.add(new Told(done, total)));
    return told;
  }

  private static List<Told> importFrom(Region region, Path file) throws IOException {
    List<Told> told = new ArrayList<>();
    ReadProgress read =
        new ReadProgress((done, total) -> told.add(new Told(done, total)), Files.size(file));
    try (InputStream in = read.counted(Files.newInputStream(file))) {
      Importer.importFrom(region, in, null, new ImportOptions(null, null), read);
    }
    return told;
  }

  @Test
  void lengthsAreKnownBeforehand() throws IOException {
    Path full = directory.resolve("full.firn");
    Path next = directory.resolve("next.firn");
    try (Region here = Region.open(directory.resolve("here"));
        Region there = Region.open(directory.resolve("there"))) {
      here.createVolume(VolumeRequest.empty("data", Sizes.GIB));
      try (FileSystem volume = here.openVolume("data", false)) {
        long old = Trees.file(volume, FileSystem.ROOT_INODE, "old", bytes(8));
        here.createSnapshot("data", "one", "", Map.of());
        Trees.write(volume, old, 3 * MIB, bytes(2));
        Trees.file(volume, FileSystem.ROOT_INODE, "new", bytes(3));
      }
      here.createSnapshot("data", "two", "", Map.of());

      export(here, "data@one", null, full);
      List<Told> incremental = export(here, "data@two", "data@one", next);
      assertWhole(incremental, 5 * MIB);
      assertWhole(importFrom(there, full), Files.size(full));
      assertWhole(importFrom(there, next), Files.size(next));
    }
    List<Told> merged = new ArrayList<>();
    PackageMerge.merge(
        directory.resolve("merged.firn"),
        List.of(full, next),
        Trust.ALL,
        null,
        (done, total) -> merged.add(new Told(done, total)));
    long read = Files.size(full) + Files.size(next);
    int steps = (int) merged.stream().filter(each -> each.totalBytes == read).count();
    assertWhole(merged.subList(0, steps), read);
    assertWhole(merged.subList(steps, merged.size()), merged.get(merged.size() - 1).totalBytes);
  }
}
