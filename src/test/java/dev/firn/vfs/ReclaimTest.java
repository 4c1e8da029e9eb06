package dev.firn.vfs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.base.Sizes;
import dev.firn.map.FrozenMap;
import dev.firn.map.MapOptions;
import dev.firn.map.MapStore;
import dev.firn.map.OpenMaps;
import dev.firn.map.ReclaimReport;
import dev.firn.map.VolumeMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Space comes back, and nothing that can be reached goes with it, whatever happens meanwhile. */
@Timeout(300)
class ReclaimTest {
  private static final long VOLUME_BYTES = Sizes.GIB;
  private static final int WORKERS = 3;
  private static final int NAMES = 12;
  private static final int ROUNDS = Integer.getInteger("firn.reclaim.rounds", 2000);

  /** Small, so that nodes and extents come from the disk and segments end. */
  private static final MapOptions SMALL =
      new MapOptions(4096, 4 << 20, 128 << 10, 128 << 10, 256 << 10, 512 << 10);

  private static final MapStore.VolumeOptions OPTIONS = new MapStore.VolumeOptions("a", "lz4");

  @TempDir Path directory;
  private final Random random = Seeds.random("ReclaimTest");
  private MapStore store;
  private VolumeMap map;
  private VolumeFileSystem files;

  @BeforeEach
  void create() throws IOException {
    store = MapStore.open(directory, List.of("a"), SMALL);
    map = store.create(1, OPTIONS);
    files = VolumeFileSystem.create(map, VOLUME_BYTES, Clock.systemUTC());
  }

  @AfterEach
  void close() throws IOException {
    store.close();
  }

  private void reopen() throws IOException {
    files.close();
    store.close();
    store = MapStore.open(directory, List.of("a"), SMALL);
    map = store.open(1);
    files = VolumeFileSystem.open(map, VOLUME_BYTES, Clock.systemUTC());
  }

  private ReclaimReport reclaim(VolumeMap... maps) throws IOException {
    return store.reclaim(OpenMaps.of(maps), Keys::isExtent, false);
  }

  @Test
  void whatADeletedFileHeldComesBack() throws Exception {
    write(files, "gone", content(1, 20 << 20));
    write(files, "stays", content(2, 3 << 20));
    files.syncAll();
    long before = diskBytes();
    files.unlink(FileSystem.ROOT_INODE, name("gone"));
    ReclaimReport plan = store.reclaim(OpenMaps.of(map), Keys::isExtent, true);
    assertTrue(plan.freedBytes() > 19 << 20, plan.toString());
    assertEquals(before, diskBytes(), 1 << 20, "a plan changes nothing");
    ReclaimReport report = reclaim(map);
    assertTrue(report.freedBytes() > 19 << 20, report.toString());
    assertTrue(report.freedSegments() > 0, report.toString());
    assertTrue(diskBytes() < before - (19 << 20), "on the disk, too");
    verify(files, "stays");
    reopen();
    verify(files, "stays");
    assertEquals(0, reclaim(map).freedSegments(), "nothing is left to give back");
  }

  @Test
  void aSnapshotKeepsWhatOnlyItHasUntilItGoes() throws Exception {
    write(files, "file", content(1, 5 << 20));
    map.freezeAs(1, Bytes.EMPTY);
    files.unlink(FileSystem.ROOT_INODE, name("file"));
    files.syncAll();
    reclaim(map);
    verify(new FrozenFileSystem(map.frozen(1), VOLUME_BYTES), "file");
    FrozenMap inUse = map.frozen(1);
    map.dropFrozen(1);
    map.commit();
    reclaim(map);
    reclaim(map);
    verify(new FrozenFileSystem(inUse, VOLUME_BYTES), "file");
    java.lang.ref.Reference.reachabilityFence(inUse);
  }

  @Test
  void aCloneKeepsWhatItSharesWithADeletedVolume() throws Exception {
    write(files, "file", content(1, 5 << 20));
    map.freezeAs(1, Bytes.EMPTY);
    map.commit();
    VolumeMap clone = store.createFrom(2, OPTIONS, map.frozen(1));
    files.close();
    store.delete(1);
    assertTrue(store.list().equals(List.of(2L)));
    reclaim(clone);
    try (VolumeFileSystem cloned = VolumeFileSystem.open(clone, VOLUME_BYTES, Clock.systemUTC())) {
      verify(cloned, "file");
      cloned.unlink(FileSystem.ROOT_INODE, name("file"));
      cloned.syncAll();
      assertTrue(reclaim(clone).freedBytes() > 4 << 20);
    }
  }

  @Test
  void nothingReachableGoesUnderLoad() throws Exception {
    ExecutorService threads = Executors.newCachedThreadPool();
    AtomicInteger working = new AtomicInteger(WORKERS);
    List<Future<?>> all = new ArrayList<>();
    for (int worker = 0; worker < WORKERS; worker++) {
      int number = worker;
      long seed = random.nextLong();
      all.add(
          threads.submit(
              () -> {
                try {
                  work("w" + number + "-", new Random(seed));
                } finally {
                  working.decrementAndGet();
                }
                return null;
              }));
    }
    long snapshotSeed = random.nextLong();
    all.add(
        threads.submit(
            () -> {
              takeSnapshots(working, new Random(snapshotSeed));
              return null;
            }));
    long freedBytes = 0;
    int runs = 0;
    while (working.get() > 0) {
      freedBytes += reclaim(map).freedBytes();
      runs++;
    }
    for (Future<?> each : all) {
      each.get(200, TimeUnit.SECONDS);
    }
    threads.shutdown();
    System.out.println(runs + " runs gave back " + Sizes.format(freedBytes));
    assertTrue(freedBytes > 0);
    verifyAll(files);
    reclaim(map);
    reopen();
    verifyAll(files);
  }

  private void work(String prefix, Random random) throws IOException {
    for (int round = 0; round < ROUNDS; round++) {
      String name = prefix + random.nextInt(NAMES);
      switch (random.nextInt(8)) {
        case 0, 1, 2 -> {
          byte[] content = content(random.nextLong(), 12 + random.nextInt(400_000));
          write(files, prefix + "new", content);
          publish(prefix + "new", name);
        }
        case 3, 4 -> {
          byte[] content = content(random.nextLong(), 12 + random.nextInt(3000));
          write(files, prefix + "new", content);
          publish(prefix + "new", name);
        }
        case 5 -> copy(name, prefix + "new", prefix + random.nextInt(NAMES));
        case 6 -> {
          if (exists(files, name)) {
            files.unlink(FileSystem.ROOT_INODE, name(name));
          }
        }
        default -> {
          if (exists(files, name)) {
            verify(files, name);
          }
        }
      }
    }
  }

  private void publish(String from, String to) throws IOException {
    files.rename(FileSystem.ROOT_INODE, name(from), FileSystem.ROOT_INODE, name(to), 0);
  }

  private void copy(String from, String by, String to) throws IOException {
    if (!exists(files, from)) {
      return;
    }
    Attributes source = files.lookup(FileSystem.ROOT_INODE, name(from));
    long target = make(files, by);
    long done = 0;
    while (done < source.sizeBytes()) {
      done += files.copyRange(source.inode(), done, target, done, source.sizeBytes() - done);
    }
    publish(by, to);
  }

  /** Also holds on to the root of a snapshot that has gone, as a long comparison would. */
  private void takeSnapshots(AtomicInteger working, Random random) throws IOException {
    List<Long> numbers = new ArrayList<>();
    long next = 1;
    while (working.get() > 0) {
      map.freezeAs(next, Bytes.EMPTY);
      map.commit();
      numbers.add(next++);
      int index = random.nextInt(numbers.size());
      FrozenMap frozen = map.frozen(numbers.get(index));
      if (numbers.size() > 5) {
        map.dropFrozen(numbers.remove(index));
        map.commit();
      }
      verifyAll(new FrozenFileSystem(frozen, VOLUME_BYTES));
    }
  }

  private static void verifyAll(FileSystem files) throws IOException {
    for (int worker = 0; worker < WORKERS; worker++) {
      for (int i = 0; i < NAMES; i++) {
        String name = "w" + worker + "-" + i;
        if (exists(files, name)) {
          verify(files, name);
        }
      }
    }
  }

  /** The bytes tell of themselves what they must be. */
  private static void verify(FileSystem files, String name) throws IOException {
    Attributes file = files.lookup(FileSystem.ROOT_INODE, name(name));
    ByteBuffer bytes = ByteBuffer.allocate((int) file.sizeBytes());
    while (bytes.hasRemaining()) {
      int count = files.read(file.inode(), bytes.position(), bytes.slice());
      assertTrue(count > 0, name);
      bytes.position(bytes.position() + count);
    }
    assertArrayEquals(content(bytes.getLong(0), bytes.getInt(8)), bytes.array(), name);
  }

  private static byte[] content(long seed, int length) {
    byte[] bytes = new byte[length];
    Random random = new Random(seed);
    if (random.nextBoolean()) {
      random.nextBytes(bytes);
    } else {
      java.util.Arrays.fill(bytes, (byte) seed);
    }
    ByteBuffer.wrap(bytes).putLong(seed).putInt(length);
    return bytes;
  }

  private static boolean exists(FileSystem files, String name) throws IOException {
    try {
      files.lookup(FileSystem.ROOT_INODE, name(name));
      return true;
    } catch (ErrnoException e) {
      assertEquals(Errno.ENOENT, e.errno());
      return false;
    }
  }

  private static long make(FileSystem files, String name) throws IOException {
    int mode = FileMode.REGULAR | 0644;
    return files.makeNode(FileSystem.ROOT_INODE, name(name), mode, 0, 0, 0).inode();
  }

  /** Long writes and short ones. */
  private static void write(FileSystem files, String name, byte[] content) throws IOException {
    long inode = make(files, name);
    int piece = (content[0] & 1) == 0 ? 256 << 10 : 5000;
    for (int at = 0; at < content.length; at += piece) {
      int length = Math.min(piece, content.length - at);
      files.write(inode, at, ByteBuffer.wrap(content, at, length));
    }
  }

  private static byte[] name(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private long diskBytes() throws Exception {
    Process process = new ProcessBuilder("du", "-sB1", directory.toString()).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor());
    return Long.parseLong(said.split("\t")[0]);
  }
}
