package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.store.RecordPointer;
import dev.firn.store.Superblock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestoredSuperblockTest {
  @TempDir Path directory;

  private MapStore open() throws IOException {
    return MapStore.open(
        directory, List.of(VolumeMapTest.LZ4.placement()), VolumeUnderTest.OPTIONS);
  }

  private static void put(VolumeMap map, int key) throws IOException {
    byte[] bytes = Found.content(key);
    PendingExtent pending = map.stage(bytes, bytes.length, null);
    ExtentRef extent = ExtentRef.of(pending, 0, bytes.length);
    map.write(
        head -> {
          head.put(Found.key(key), extent.encode(), pending);
          return null;
        });
  }

  @Test
  void anOlderCopyCountsWhereTheTreesOfTheNewestAreDamaged() throws IOException {
    Path superblock = directory.resolve("volumes/00000001.super");
    try (MapStore store = open()) {
      VolumeMap map = store.create(1, VolumeMapTest.LZ4);
      for (int key = 0; key < 2; key++) {
        put(map, key);
        map.checkpoint();
      }
      map.abandon();
    }
    RecordPointer root = new Superblock(superblock, 1).read().head();
    flip(
        directory.resolve(
            String.format(
                "segments/%s/00000001-%08x.seg",
                VolumeMapTest.LZ4.placement(), root.segment() & 0xffffffffL)),
        root.offset() + 60);
    Files.write(superblock, new byte[2 * 4096]);
    try (MapStore store = open()) {
      assertEquals(List.of(1L), store.restoreSuperblocks(Set.of()).restored());
      Found found = Found.read(store.open(1));
      found.requireWhole();
      assertEquals(2, found.head().size());
    }
  }

  private static void flip(Path file, int at) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[at] ^= 1;
    Files.write(file, bytes);
  }
}
