package dev.firn.vfs;

import static dev.firn.vfs.TestVolume.ROOT;
import static dev.firn.vfs.TestVolume.name;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.Seeds;
import dev.firn.base.Sizes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many threads on one volume: nothing is lost, and counters stay exact. */
class ConcurrencyTest {
  private static final int THREADS = 4;
  private static final int STEPS = 3000;

  @TempDir Path directory;

  /** Each works on files of its own in a directory of all, beside commits and freezes. */
  @Test
  void threadsDoNotDisturbEachOther() throws Exception {
    TestVolume volume = new TestVolume(directory, Sizes.GIB, Clock.systemUTC());
    Random random = Seeds.random("ConcurrencyTest");
    long shared = volume.directory(ROOT, "shared");
    List<Callable<byte[][]>> workers = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int worker = i;
      long seed = random.nextLong();
      workers.add(() -> work(volume, shared, worker, new Random(seed)));
    }
    List<byte[][]> expected = runAll(workers);
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < THREADS; i++) {
        check(volume, shared, i, expected.get(i));
      }
      assertEquals(volume.countedBytes(), volume.usedBytes(), "used bytes are exact");
      volume.reopen();
    }
    volume.close();
  }

  private static <T> List<T> runAll(List<Callable<T>> tasks) throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(tasks.size());
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> future : executor.invokeAll(tasks)) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    } finally {
      executor.shutdown();
    }
  }

  /** Answers what each of its files must contain; null for none. */
  private static byte[][] work(TestVolume volume, long shared, int worker, Random random)
      throws IOException {
    byte[][] contents = new byte[10][];
    VolumeFileSystem files = volume.files;
    for (int step = 0; step < STEPS; step++) {
      int index = random.nextInt(contents.length);
      byte[] fileName = fileName(worker, index);
      if (contents[index] == null) {
        files.makeNode(shared, fileName, TestVolume.FILE, 0, 0, 0);
        contents[index] = new byte[0];
        continue;
      }
      long inode = files.lookup(shared, fileName).inode();
      switch (random.nextInt(12)) {
        case 0 -> {
          files.unlink(shared, fileName);
          contents[index] = null;
        }
        case 1 -> {
          long handle = files.open(inode, true);
          files.unlink(shared, fileName);
          assertArrayEquals(contents[index], volume.read(inode));
          files.release(handle);
          contents[index] = null;
        }
        case 2 -> {
          int size = random.nextInt(100_000);
          files.setAttributes(inode, SetAttributes.size(size));
          contents[index] = Arrays.copyOf(contents[index], size);
        }
        case 3 -> files.sync(inode);
        case 4 -> {
          FrozenFileSystem frozen = volume.freeze();
          long same = frozen.lookup(shared, fileName).inode();
          assertEquals(inode, same);
          assertArrayEquals(
              contents[index], TestVolume.read(frozen, same, 0, contents[index].length + 1));
        }
        case 5 -> TestVolume.list(files, shared, 7);
        case 6 -> assertArrayEquals(contents[index], volume.read(inode));
        default -> {
          byte[] bytes = new byte[1 + random.nextInt(random.nextInt(4) == 0 ? 100_000 : 2000)];
          random.nextBytes(bytes);
          int offset = random.nextBoolean() ? contents[index].length : random.nextInt(50_000);
          if (offset + bytes.length < 500_000) {
            volume.write(inode, offset, bytes);
            int size = Math.max(contents[index].length, offset + bytes.length);
            contents[index] = Arrays.copyOf(contents[index], size);
            System.arraycopy(bytes, 0, contents[index], offset, bytes.length);
          }
        }
      }
    }
    return contents;
  }

  private static byte[] fileName(int worker, int index) {
    return name("w" + worker + "-" + index);
  }

  private static void check(TestVolume volume, long shared, int worker, byte[][] contents)
      throws IOException {
    for (int index = 0; index < contents.length; index++) {
      byte[] fileName = fileName(worker, index);
      if (contents[index] == null) {
        NamespaceTest.assertErrno(Errno.ENOENT, () -> volume.files.lookup(shared, fileName));
      } else {
        long inode = volume.files.lookup(shared, fileName).inode();
        assertArrayEquals(contents[index], volume.read(inode));
      }
    }
  }

  /** All fight for the same few names; only the sums can be foretold. */
  @Test
  void contendedNamesStayConsistent() throws Exception {
    TestVolume volume = new TestVolume(directory, Sizes.GIB, Clock.systemUTC());
    Random random = Seeds.random("ConcurrencyTest");
    long[] directories = {volume.directory(ROOT, "a"), volume.directory(ROOT, "b")};
    List<Callable<Void>> workers = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      long seed = random.nextLong();
      workers.add(() -> contend(volume, directories, new Random(seed)));
    }
    runAll(workers);
    assertEquals(volume.countedBytes(), volume.usedBytes(), "used bytes are exact");
    for (long parent : directories) {
      for (DirectoryEntry entry : TestVolume.list(volume.files, parent, 100)) {
        assertEquals(
            entry.type(), volume.files.getAttributes(entry.inode()).mode() & FileMode.TYPE_MASK);
      }
    }
    for (long parent : directories) {
      for (int i = 0; i < 6; i++) {
        removeAnyhow(volume.files, parent, name("n" + i));
      }
    }
    assertEquals(3, volume.files.status().inodesTotal() - volume.files.status().inodesFree());
    volume.close();
  }

  private static void removeAnyhow(VolumeFileSystem files, long parent, byte[] name)
      throws IOException {
    try {
      if (files.lookup(parent, name).isDirectory()) {
        files.removeDirectory(parent, name);
      } else {
        files.unlink(parent, name);
      }
    } catch (ErrnoException e) {
      assertEquals(Errno.ENOENT, e.errno());
    }
  }

  private static Void contend(TestVolume volume, long[] directories, Random random)
      throws IOException {
    VolumeFileSystem files = volume.files;
    for (int step = 0; step < STEPS; step++) {
      long parent = directories[random.nextInt(2)];
      byte[] some = name("n" + random.nextInt(6));
      byte[] other = name("n" + random.nextInt(6));
      try {
        switch (random.nextInt(7)) {
          case 0 -> files.makeNode(parent, some, TestVolume.FILE, 0, 0, 0);
          case 1 -> files.makeDirectory(parent, some, 0755, 0, 0);
          case 2 -> files.unlink(parent, some);
          case 3 -> files.rename(parent, some, directories[random.nextInt(2)], other, 0);
          case 4 -> {
            long inode = files.lookup(parent, some).inode();
            files.remember(inode);
            files.forget(inode, 1);
          }
          case 5 -> files.release(files.open(files.lookup(parent, some).inode(), false));
          default -> {
            long inode = files.lookup(parent, some).inode();
            volume.write(inode, random.nextInt(1000), new byte[] {1, 2, 3});
          }
        }
      } catch (ErrnoException e) {
        // Somebody was faster.
      }
    }
    return null;
  }
}
