package dev.firn.vfs;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.map.MapStore;
import dev.firn.map.VolumeMap;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/**
 * What the engine costs without a kernel: a live volume called as a transport calls it, with direct
 * buffers, beside a plain file on the same disk. Not a test; run it by hand:
 *
 * <pre>
 * mvn -q -DskipTests package
 * java -Xmx1g -cp target/test-classes:target/classes:target/lib/* dev.firn.vfs.EngineBenchmark DIR [raw] [write] [read] [random] [small] [names] [threads] [sync]
 * </pre>
 *
 * Each line shows work done a second, processor time of the calling thread and of the whole process
 * (with the compiler's and the collector's) and bytes allocated by the calling thread for one
 * operation, and the slowest operation. Sizes: {@code -Dfirn.bench.mib=512}, {@code
 * -Dfirn.bench.files=20000}.
 */
public final class EngineBenchmark {
  private static final int MIB = 1 << 20;
  private static final int PAGE_BYTES = 4096;
  private static final long VOLUME_BYTES = 1L << 40;
  private static final int FILE_MODE = FileMode.REGULAR | 0644;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  /** One operation of a line. */
  @FunctionalInterface
  private interface Operation {
    void run(int index) throws IOException;
  }

  private final Path directory;
  private final List<String> wanted;
  private final int mebibytes = Integer.getInteger("firn.bench.mib", 512);
  private final int fileCount = Integer.getInteger("firn.bench.files", 20_000);
  private final int operations = Integer.getInteger("firn.bench.operations", 200_000);
  private final int syncs = Integer.getInteger("firn.bench.syncs", 1000);
  private final Random random = Seeds.random("EngineBenchmark");
  private final ByteBuffer source = ByteBuffer.allocateDirect(8 * MIB);
  private final ByteBuffer target = ByteBuffer.allocateDirect(MIB);
  private MapStore store;
  private VolumeMap map;
  private VolumeFileSystem files;

  private EngineBenchmark(Path directory, List<String> wanted) {
    this.directory = directory;
    this.wanted = wanted;
    byte[] noise = new byte[source.capacity()];
    random.nextBytes(noise);
    source.put(noise);
  }

  public static void main(String[] arguments) throws IOException {
    Path directory = Files.createDirectories(Path.of(arguments[0]));
    new EngineBenchmark(directory, Arrays.asList(arguments).subList(1, arguments.length)).run();
  }

  private void run() throws IOException {
    System.out.printf(
        "%-28s %12s %10s %10s %14s %12s%n",
        "line", "rate", "cpu us/op", "all us/op", "allocated B/op", "slowest ms");
    if (wants("raw")) {
      rawFile();
    }
    store = MapStore.open(directory.resolve("home"), List.of("a"));
    map = store.create(1, new MapStore.VolumeOptions("a", "lz4"));
    files = VolumeFileSystem.create(map, VOLUME_BYTES, Clock.systemUTC());
    try {
      if (wants("write")) {
        writing();
      }
      if (wants("read")) {
        reading();
      }
      if (wants("random")) {
        random();
      }
      if (wants("small")) {
        smallFiles();
      }
      if (wants("names")) {
        names();
      }
      if (wants("threads")) {
        threads();
      }
      if (wants("sync")) {
        syncing();
      }
    } finally {
      files.close();
      store.close();
      remove(directory.resolve("home"));
    }
  }

  private boolean wants(String section) {
    return wanted.isEmpty() || wanted.contains(section);
  }

  private void rawFile() throws IOException {
    Path path = directory.resolve("raw");
    try (FileChannel file =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      recycleMemory();
      measure("raw write 1 MiB", mebibytes, MIB, i -> file.write(noise(MIB), (long) i * MIB));
      measure("raw sync", 1, 0, i -> file.force(false));
      measure("raw read 1 MiB", mebibytes, MIB, i -> file.read(target.clear(), (long) i * MIB));
      int pages = mebibytes * (MIB / PAGE_BYTES);
      measure(
          "raw random read 4 KiB",
          50_000,
          0,
          i ->
              file.read(
                  target.clear().limit(PAGE_BYTES), (long) random.nextInt(pages) * PAGE_BYTES));
    } finally {
      Files.delete(path);
    }
  }

  /** Work for the compiler, so that it does not show in the lines. */
  private void warmUp() throws IOException {
    long warm = file("warm");
    for (int i = 0; i < 512; i++) {
      files.write(warm, (long) i * MIB, noise(MIB));
      files.read(warm, (long) i * MIB, target.clear());
    }
    files.unlink(FileSystem.ROOT_INODE, Bytes.utf8("warm"));
    files.syncAll();
  }

  private void writing() throws IOException {
    warmUp();
    long large = file("written");
    recycleMemory();
    measure("write 1 MiB", mebibytes, MIB, i -> files.write(large, (long) i * MIB, noise(MIB)));
    measure("sync", 1, 0, i -> files.syncAll());
    recycleMemory();
    measure("rewrite 1 MiB", mebibytes, MIB, i -> files.write(large, (long) i * MIB, noise(MIB)));
    measure("sync", 1, 0, i -> files.syncAll());
    recycleMemory();
    long appended = file("appended");
    measure(
        "write 4 KiB in order",
        mebibytes * 64,
        PAGE_BYTES,
        i -> files.write(appended, (long) i * PAGE_BYTES, noise(PAGE_BYTES)));
    long text = file("text");
    ByteBuffer words = words();
    measure(
        "write 1 MiB of text",
        mebibytes / 2,
        MIB,
        i -> files.write(text, (long) i * MIB, words.clear()));
    measure(
        "read 1 MiB of text",
        mebibytes / 2,
        MIB,
        i -> files.read(text, (long) i * MIB, target.clear()));
    measure("sync", 1, 0, i -> files.syncAll());
  }

  private long largeFile(String name) throws IOException {
    long large = file(name);
    for (int i = 0; i < mebibytes; i++) {
      files.write(large, (long) i * MIB, noise(MIB));
    }
    files.syncAll();
    return large;
  }

  private void reading() throws IOException {
    warmUp();
    long large = largeFile("read");
    dropCaches();
    recycleMemory();
    measure(
        "read 1 MiB, cold", mebibytes, MIB, i -> files.read(large, (long) i * MIB, target.clear()));
    measure("read 1 MiB", mebibytes, MIB, i -> files.read(large, (long) i * MIB, target.clear()));
    measure(
        "read 128 KiB",
        mebibytes * 8,
        MIB / 8,
        i -> files.read(large, (long) i * (MIB / 8), target.clear().limit(MIB / 8)));
    int pages = mebibytes * (MIB / PAGE_BYTES);
    measure("random read 4 KiB", operations, 0, i -> readPage(large, pages));
    measure("random read 4 KiB of 64 MiB", operations, 0, i -> readPage(large, 64 * 256));
  }

  private void random() throws IOException {
    long large = largeFile("random");
    int pages = mebibytes * (MIB / PAGE_BYTES);
    recycleMemory();
    measure("random write 4 KiB", operations, 0, i -> writePage(large, pages));
    measure("sync", 1, 0, i -> files.syncAll());
    recycleMemory();
    measure("random write 4 KiB again", operations, 0, i -> writePage(large, pages));
    measure("sync", 1, 0, i -> files.syncAll());
    measure("random read 4 KiB after", operations, 0, i -> readPage(large, pages));
    measure(
        "read 1 MiB after", mebibytes, MIB, i -> files.read(large, (long) i * MIB, target.clear()));
  }

  private void readPage(long inode, int pages) throws IOException {
    files.read(inode, (long) random.nextInt(pages) * PAGE_BYTES, target.clear().limit(PAGE_BYTES));
  }

  private void writePage(long inode, int pages) throws IOException {
    files.write(inode, (long) random.nextInt(pages) * PAGE_BYTES, noise(PAGE_BYTES));
  }

  private void smallFiles() throws IOException {
    long parent = directory("small");
    List<Long> inodes = new ArrayList<>();
    recycleMemory();
    measure(
        "make file of 3 KB",
        fileCount,
        0,
        i -> {
          long inode = create(parent, "file-" + i);
          inodes.add(inode);
          long handle = files.open(inode, true);
          files.write(inode, 0, noise(3000));
          files.release(handle);
        });
    measure("sync", 1, 0, i -> files.syncAll());
    dropCaches();
    measure("read file of 3 KB", fileCount, 0, i -> files.read(inodes.get(i), 0, target.clear()));
    measure("list and look up", fileCount, 0, walk(parent, "small"));
    measure(
        "unlink file of 3 KB", fileCount, 0, i -> files.unlink(parent, Bytes.utf8("file-" + i)));
    measure("sync", 1, 0, i -> files.syncAll());
  }

  private void names() throws IOException {
    long parent = directory("names");
    List<Long> inodes = new ArrayList<>();
    measure("create", 2 * fileCount, 0, i -> inodes.add(create(parent, "name-" + i)));
    measure(
        "look up",
        10 * fileCount,
        0,
        i -> files.lookup(parent, Bytes.utf8("name-" + i % (2 * fileCount))));
    measure("sync", 1, 0, i -> files.syncAll());
    measure(
        "look up, committed",
        10 * fileCount,
        0,
        i -> files.lookup(parent, Bytes.utf8("name-" + i % (2 * fileCount))));
    map.checkpoint();
    measure(
        "look up, checkpointed",
        10 * fileCount,
        0,
        i -> files.lookup(parent, Bytes.utf8("name-" + i % (2 * fileCount))));
    measure(
        "attributes at random",
        10 * fileCount,
        0,
        i -> files.getAttributes(inodes.get(random.nextInt(inodes.size()))));
    measure(
        "look up what is not there",
        5 * fileCount,
        0,
        i -> lookupMissing(parent, Bytes.utf8("none-" + i)));
    measure("list and look up", 2 * fileCount, 0, walk(parent, "names"));
    measure(
        "open and release",
        5 * fileCount,
        0,
        i -> files.release(files.open(inodes.get(i % inodes.size()), false)));
    measure(
        "rename",
        2 * fileCount,
        0,
        i -> files.rename(parent, Bytes.utf8("name-" + i), parent, Bytes.utf8("renamed-" + i), 0));
    measure("unlink", 2 * fileCount, 0, i -> files.unlink(parent, Bytes.utf8("renamed-" + i)));
    measure("sync", 1, 0, i -> files.syncAll());
    measure(
        "create and unlink",
        2 * fileCount,
        0,
        i -> {
          byte[] name = Bytes.utf8("brief-" + i);
          create(parent, "brief-" + i);
          files.unlink(parent, name);
        });
  }

  private void threads() throws IOException {
    long parent = directory("threads");
    List<Long> inodes = new ArrayList<>();
    for (int i = 0; i < fileCount; i++) {
      inodes.add(create(parent, "name-" + i));
    }
    files.syncAll();
    for (int threads : new int[] {1, 2, 4}) {
      Operation look = i -> files.getAttributes(inodes.get(i % fileCount));
      share("attributes, threads: " + threads, threads, 50 * fileCount, look);
      Operation search = i -> files.lookup(parent, Bytes.utf8("name-" + i % fileCount));
      share("look up, threads: " + threads, threads, 50 * fileCount, search);
      String prefix = "made-" + threads + "-";
      share("create, threads: " + threads, threads, 5 * fileCount, i -> create(parent, prefix + i));
      share(
          "unlink, threads: " + threads,
          threads,
          5 * fileCount,
          i -> files.unlink(parent, Bytes.utf8(prefix + i)));
    }
    long large = file("shared");
    recycleMemory();
    share("write 1 MiB, threads: 2", 2, mebibytes, i -> writeShared(large, i));
    share("rewrite 1 MiB, threads: 2", 2, mebibytes, i -> writeShared(large, i));
  }

  private void writeShared(long inode, int index) throws IOException {
    // Another view of the bytes: position and limit are each thread's own.
    files.write(
        inode,
        (long) index * MIB,
        source.duplicate().clear().position(index % 1000).limit(index % 1000 + MIB));
  }

  /** Does the operations in several threads, each a part of them. */
  private void share(String line, int threads, int count, Operation operation) throws IOException {
    measure(
        line,
        1,
        0,
        count,
        none -> {
          List<Thread> started = new ArrayList<>();
          List<Throwable> failures = new CopyOnWriteArrayList<>();
          for (int t = 0; t < threads; t++) {
            int first = t;
            Thread thread =
                new Thread(
                    () -> {
                      try {
                        for (int i = first; i < count; i += threads) {
                          operation.run(i);
                        }
                      } catch (IOException | RuntimeException | Error e) {
                        failures.add(e);
                      }
                    });
            thread.start();
            started.add(thread);
          }
          for (Thread thread : started) {
            join(thread);
          }
          if (!failures.isEmpty()) {
            throw new IOException(failures.get(0));
          }
        });
  }

  private static void join(Thread thread) throws IOException {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  /** What a program waits for that makes each step durable, beside a plain file. */
  private void syncing() throws IOException {
    Path path = directory.resolve("raw");
    try (FileChannel file =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      measure(
          "raw append 4 KiB and sync",
          syncs,
          0,
          i -> {
            file.write(noise(PAGE_BYTES), (long) i * PAGE_BYTES);
            file.force(false);
          });
      measure(
          "raw rewrite 4 KiB and sync",
          syncs,
          0,
          i -> {
            file.write(noise(PAGE_BYTES), (long) i * PAGE_BYTES);
            file.force(false);
          });
    } finally {
      Files.delete(path);
    }
    long inode = file("synced");
    measure(
        "append 4 KiB and sync",
        syncs,
        0,
        i -> {
          files.write(inode, (long) i * PAGE_BYTES, noise(PAGE_BYTES));
          files.sync(inode);
        });
    measure(
        "rewrite 4 KiB and sync",
        syncs,
        0,
        i -> {
          files.write(inode, (long) i * PAGE_BYTES, noise(PAGE_BYTES));
          files.sync(inode);
        });
    share(
        "rewrite and sync, threads: 4",
        4,
        2 * syncs,
        i -> {
          files.write(
              inode, (long) i % syncs * PAGE_BYTES, source.duplicate().clear().limit(PAGE_BYTES));
          files.sync(inode);
        });
  }

  private void lookupMissing(long parent, byte[] name) throws IOException {
    try {
      files.lookup(parent, name);
      throw new IllegalStateException("found what was never made");
    } catch (ErrnoException e) {
      // As it should be.
    }
  }

  /** Lists a directory and looks each name up, a name an operation, as READDIRPLUS does. */
  private Operation walk(long parent, String name) throws IOException {
    long[] handle = {0};
    long[] cookie = {0};
    List<DirectoryEntry> some = new ArrayList<>();
    return i -> {
      if (i == 0) {
        handle[0] = files.openDirectory(parent);
      }
      if (some.isEmpty()) {
        some.addAll(files.readDirectory(handle[0], cookie[0], 128));
        if (some.isEmpty()) {
          throw new IOException(name + " has only " + i + " names");
        }
        cookie[0] = some.get(some.size() - 1).cookie();
      }
      DirectoryEntry entry = some.remove(some.size() - 1);
      if (!Names.isDot(entry.name()) && !Names.isDotDot(entry.name())) {
        files.lookup(parent, entry.name());
      }
    };
  }

  private long create(long parent, String name) throws IOException {
    return files.makeNode(parent, Bytes.utf8(name), FILE_MODE, 0, 0, 0).inode();
  }

  private long file(String name) throws IOException {
    return create(FileSystem.ROOT_INODE, name);
  }

  private long directory(String name) throws IOException {
    return files.makeDirectory(FileSystem.ROOT_INODE, Bytes.utf8(name), 0755, 0, 0).inode();
  }

  /** Bytes that do not compress, other ones each time. */
  private ByteBuffer noise(int length) {
    int from = random.nextInt((source.capacity() - length) / 8) * 8;
    return source.clear().position(from).limit(from + length);
  }

  /** A buffer of 1 MiB that compresses about as well as English. */
  private ByteBuffer words() {
    ByteBuffer words = ByteBuffer.allocateDirect(MIB);
    while (words.remaining() > 16) {
      words.put(Bytes.utf8(Integer.toString(random.nextInt(1000)))).put((byte) ' ');
    }
    return words;
  }

  /**
   * Has as much memory as a line takes come fresh from the disk's cache: a virtual machine's host
   * may have taken it away, and giving it back would count as the line's work.
   */
  private void recycleMemory() throws IOException {
    Path path = directory.resolve("recycled");
    try (FileChannel file =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (int i = 0; i < 2 * mebibytes; i++) {
        file.write(noise(MIB));
      }
    } finally {
      Files.delete(path);
    }
  }

  private static void dropCaches() throws IOException {
    Files.writeString(Path.of("/proc/sys/vm/drop_caches"), "1");
  }

  private void measure(String line, int count, int bytes, Operation operation) throws IOException {
    measure(line, count, bytes, count, operation);
  }

  /** As above, for an operation that stands for several: {@code steps} in all. */
  private void measure(String line, int count, int bytes, int steps, Operation operation)
      throws IOException {
    long thread = Thread.currentThread().getId();
    long allocated = THREADS.getThreadAllocatedBytes(thread);
    long all = SYSTEM.getProcessCpuTime();
    long own = THREADS.getCurrentThreadCpuTime();
    long slowest = 0;
    long start = System.nanoTime();
    long before = start;
    for (int i = 0; i < count; i++) {
      operation.run(i);
      long now = System.nanoTime();
      slowest = Math.max(slowest, now - before);
      before = now;
    }
    double seconds = (before - start) / 1e9;
    double ownMicros = (THREADS.getCurrentThreadCpuTime() - own) / 1e3 / steps;
    double allMicros = (SYSTEM.getProcessCpuTime() - all) / 1e3 / steps;
    allocated = THREADS.getThreadAllocatedBytes(thread) - allocated;
    String rate =
        bytes > 0
            ? String.format("%.0f MB/s", (double) bytes * count / 1e6 / seconds)
            : String.format("%.0f /s", steps / seconds);
    System.out.printf(
        "%-28s %12s %10.2f %10.2f %14d %12.1f%n",
        line, rate, ownMicros, allMicros, allocated / steps, slowest / 1e6);
  }

  private static void remove(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
