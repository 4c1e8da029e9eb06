package dev.firn.vfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.Sizes;
import dev.firn.map.FrozenMap;
import dev.firn.map.MapStore;
import dev.firn.map.UncachedStore;
import dev.firn.map.VolumeMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compared with the bytes themselves, and with what was written. */
class DiskDiffTest {
  private static final int UNIT = 512;
  private static final long DISK_BYTES = 2 * Sizes.MIB;
  private static final int MANY_EXTENTS = 100_000;

  /** For three changes: the way down to each in both roots, to compare nodes and extents. */
  private static final int READS_MAX = 40;

  private static final MapStore.VolumeOptions OPTIONS = new MapStore.VolumeOptions("a", "lz4");

  @TempDir Path directory;
  private MapStore store;
  private VolumeMap map;
  private VolumeFileSystem files;
  private long disk;

  @BeforeEach
  void make() throws IOException {
    store = MapStore.open(directory, List.of("a"));
    map = store.create(1, OPTIONS);
    files = VolumeFileSystem.createDisk(map, DISK_BYTES, Clock.systemUTC());
    disk = files.lookup(FileSystem.ROOT_INODE, Disk.name()).inode();
  }

  @AfterEach
  void close() throws IOException {
    store.close();
  }

  /** Writes or clears a range, and notes its units. */
  private void change(VolumeFileSystem target, Random random, BitSet touched) throws IOException {
    int length = UNIT * (1 + random.nextInt(random.nextInt(10) == 0 ? 1000 : 20));
    long offset = random.nextInt((int) ((DISK_BYTES - length) / UNIT) + 1) * (long) UNIT;
    if (random.nextInt(4) == 0) {
      target.allocate(disk, 3, offset, length);
    } else {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      target.write(disk, offset, ByteBuffer.wrap(bytes));
    }
    touched.set((int) (offset / UNIT), (int) ((offset + length) / UNIT));
  }

  private static byte[] bytes(FrozenMap root) throws IOException {
    FrozenFileSystem frozen = new FrozenFileSystem(root, DISK_BYTES);
    long inode = Disk.inode(root);
    ByteBuffer all = ByteBuffer.allocate((int) frozen.getAttributes(inode).sizeBytes());
    frozen.read(inode, 0, all);
    return all.array();
  }

  private static BitSet changed(FrozenMap before, FrozenMap after) throws IOException {
    BitSet changed = new BitSet();
    List<Long> ends = new ArrayList<>(List.of(-1L));
    DiskDiff.run(
        before,
        after,
        (offset, length) -> {
          assertTrue(offset > ends.get(ends.size() - 1), "ranges ascend, and are joined");
          assertTrue(length > 0 && offset % UNIT == 0 && length % UNIT == 0);
          ends.add(offset + length);
          changed.set((int) (offset / UNIT), (int) ((offset + length) / UNIT));
        });
    return changed;
  }

  /** What differs must be told; what was not touched must not. */
  private static void check(FrozenMap before, FrozenMap after, BitSet touched) throws IOException {
    BitSet changed = changed(before, after);
    byte[] old = bytes(before);
    byte[] now = bytes(after);
    for (int unit = 0; unit < now.length / UNIT; unit++) {
      int from = unit * UNIT;
      boolean same =
          from < old.length
              && java.util.Arrays.equals(old, from, from + UNIT, now, from, from + UNIT);
      assertTrue(same || changed.get(unit), "unit " + unit + " differs, and is not told");
    }
    changed.andNot(touched);
    assertEquals(new BitSet(), changed, "told, but not touched");
  }

  @Test
  void randomHistories() throws IOException {
    Random random = Seeds.random("randomHistories");
    for (int i = 0; i < 50; i++) {
      change(files, random, new BitSet());
    }
    FrozenMap before = map.freeze();
    for (int round = 0; round < 40; round++) {
      if (random.nextInt(3) == 0) {
        map.commit();
      }
      BitSet touched = new BitSet();
      for (int i = random.nextInt(12); i > 0; i--) {
        change(files, random, touched);
      }
      FrozenMap after = map.freeze();
      check(before, after, touched);
      before.close();
      before = after;
    }
    before.close();
  }

  @Test
  void aVolumeFromASnapshotIsComparedToo() throws IOException {
    Random random = Seeds.random("aVolumeFromASnapshot");
    for (int i = 0; i < 100; i++) {
      change(files, random, new BitSet());
    }
    map.commit();
    try (FrozenMap source = map.freeze();
        VolumeMap copy = store.createFrom(2, OPTIONS, source)) {
      VolumeFileSystem other = VolumeFileSystem.open(copy, DISK_BYTES, Clock.systemUTC());
      BitSet touched = new BitSet();
      for (int i = 0; i < 5; i++) {
        change(other, random, touched);
      }
      try (FrozenMap head = copy.freeze()) {
        check(source, head, touched);
      }
      other.close();
    }
  }

  @Test
  void equalRootsDoNotDiffer() throws IOException {
    change(files, new Random(1), new BitSet());
    try (FrozenMap one = map.freeze();
        FrozenMap two = map.freeze()) {
      assertEquals(new BitSet(), changed(one, two));
    }
  }

  @Test
  void aLargerDiskIsComparedAsFarAsItReaches() throws IOException {
    try (FrozenMap before = map.freeze()) {
      files.resize(2 * DISK_BYTES);
      files.write(disk, 2 * DISK_BYTES - UNIT, ByteBuffer.wrap(new byte[] {1, 2, 3}));
      try (FrozenMap after = map.freeze()) {
        assertEquals(List.of(2 * DISK_BYTES - UNIT, 3L), told(before, after));
        assertEquals(List.of(), told(after, before));
      }
    }
  }

  @Test
  void aSmallChangeIsOneRange() throws IOException {
    writeEveryOther(files, disk, 4096, DISK_BYTES);
    try (FrozenMap before = map.freeze()) {
      files.write(disk, 8192 + 512, ByteBuffer.wrap(new byte[] {9}));
      try (FrozenMap after = map.freeze()) {
        assertEquals(List.of(8704L, 1L), told(before, after));
      }
    }
  }

  /** Of a large disk, of which little changed, little is read. */
  @Test
  void readsFollowTheChanges() throws IOException {
    long sizeBytes = 2L * UNIT * MANY_EXTENTS;
    Path home = directory.resolve("many");
    try (MapStore many = MapStore.open(home, List.of("a"))) {
      VolumeFileSystem written =
          VolumeFileSystem.createDisk(many.create(1, OPTIONS), sizeBytes, Clock.systemUTC());
      writeEveryOther(written, disk, UNIT, sizeBytes);
      written.close();
    }
    try (UncachedStore many = new UncachedStore(home)) {
      VolumeMap opened = many.store().open(1);
      VolumeFileSystem changed = VolumeFileSystem.open(opened, sizeBytes, Clock.systemUTC());
      try (FrozenMap before = opened.freeze()) {
        List<Long> expected = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          long offset = i * sizeBytes / 3 / UNIT * UNIT;
          changed.write(disk, offset, ByteBuffer.wrap(new byte[UNIT]));
          expected.addAll(List.of(offset, (long) UNIT));
        }
        opened.commit();
        try (FrozenMap after = opened.freeze()) {
          long start = many.reads();
          assertEquals(expected, told(before, after));
          long reads = many.reads() - start;
          FileExtents.slices(after, disk, 0, sizeBytes, Integer.MAX_VALUE);
          long all = many.reads() - start - reads;
          assertTrue(reads < READS_MAX, () -> "there were " + reads + " reads");
          assertTrue(all > 10 * READS_MAX, () -> "there are just " + all + " to spare");
        }
      }
      changed.close();
    }
  }

  /** As many extents as ranges, with holes between them. */
  private static void writeEveryOther(
      VolumeFileSystem target, long inode, int lengthBytes, long endBytes) throws IOException {
    Random random = new Random(2);
    for (long offset = 0; offset < endBytes; offset += 2L * lengthBytes) {
      byte[] bytes = new byte[lengthBytes];
      random.nextBytes(bytes);
      target.write(inode, offset, ByteBuffer.wrap(bytes));
    }
  }

  /** Offset and length, in turn. */
  private static List<Long> told(FrozenMap before, FrozenMap after) throws IOException {
    List<Long> told = new ArrayList<>();
    DiskDiff.run(before, after, (offset, length) -> told.addAll(List.of(offset, length)));
    return told;
  }
}
