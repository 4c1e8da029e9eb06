package dev.firn.fuse.kernel;

import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices when something is asked for piece by piece, each by a request of its own: pages all over
 * a file, names of a directory one after the other. All of it at once costs about as much as four
 * such requests, or two that had to wait for the disk. So when so many pieces were asked for within
 * seconds, and of a directory an eighth at least, the rest is fetched by a {@link Fetcher}: that
 * never costs much more than what was spent already, and the kernel's cache gets about eight times
 * what was asked for, at most, or sixteen times what came from the disk. Names that are looked up
 * in order say what comes next, so these are fetched sooner, and more: see {@link NameSweeps}.
 *
 * <p>A whole is a window of a file, or a directory. Files that somebody has open for writing are
 * left alone: see {@link OwnMount}.
 *
 * <p>It is about guesses: nothing that goes wrong here is anybody's error. Safe for concurrent use.
 */
final class FetchAhead {
  private static final Logger LOG = LoggerFactory.getLogger(FetchAhead.class);

  private static final Pattern MEMORY =
      Pattern.compile("^MemTotal: +([0-9]{1,15}) kB$", Pattern.MULTILINE);

  /** As long as the longest extents are, which are read and unpacked as a whole anyway. */
  static final int WINDOW_BYTES = 128 << 10;

  /** What programs read in big pieces, or the kernel ahead, is longer but for the beginning. */
  private static final int PIECE_BYTES_MAX = 16 << 10;

  private static final int PIECES_MIN = 4;

  /** A piece that took longer came from the disk, as far as can be told, and counts for two. */
  private static final long DISK_NANOS = 40_000;

  /** The whole may be as many times what was asked for. */
  private static final int WHOLE_MAX = 8;

  /** A usual name in a directory, and what it adds to the directory's size besides. */
  private static final int NAME_BYTES = 48;

  /** More would take much of the kernel's memory, for a guess. */
  private static final int NAMES_MAX = 1 << 16;

  /** Windows and directories that are counted at a time: of files, 4 GiB. */
  private static final int COUNTS_MAX = 1 << 15;

  private static final int COUNTS_MIN = 1 << 8;

  /** Odd and large: keys of one file or mount and of another hardly ever meet. */
  private static final long INODE_FACTOR = 0x100000001b3L;

  private static final long MOUNT_FACTOR = 0x9e3779b97f4a7c15L;

  /** Fetches; returns at once. */
  interface Fetcher {
    /** Whether it is worth asking. */
    boolean isAble();

    /** Bytes of a file. */
    void fetchPages(long inode, long offset, int sizeBytes);

    /** Names of a directory. */
    void fetchNames(long directory, NameSweeps.Part part, NamesListener listener);
  }

  /** Hears of names that were fetched; of nothing if they were not. */
  interface NamesListener {
    /**
     * @param end the last name; null if nothing is to be had behind it, or wanted: see {@link
     *     NameSweeps#fetched}
     * @param endCookie of this name
     */
    void fetched(byte[] end, long endCookie);
  }

  /** Of all mounts of this process: the kernel's caches, too, are one for all. */
  private static final PieceCounts COUNTS = new PieceCounts(size(memoryBytes()));

  private static final AtomicLong MOUNTS = new AtomicLong();

  private final FileSystem fileSystem;
  private final OpenForWriting openForWriting;
  private final Fetcher fetcher;
  private final LongSupplier nanoTime;
  private final NameSweeps sweeps = new NameSweeps(NAMES_MAX);

  /** Keeps inodes of different mounts apart. */
  private final long mount = MOUNTS.incrementAndGet() * MOUNT_FACTOR;

  FetchAhead(FileSystem fileSystem, OpenForWriting openForWriting, Fetcher fetcher) {
    this(fileSystem, openForWriting, fetcher, System::nanoTime);
  }

  FetchAhead(
      FileSystem fileSystem,
      OpenForWriting openForWriting,
      Fetcher fetcher,
      LongSupplier nanoTime) {
    this.fileSystem = fileSystem;
    this.openForWriting = openForWriting;
    this.fetcher = fetcher;
    this.nanoTime = nanoTime;
  }

  /** Of the machine: its kernel's caches are shared by all. 0 if it does not say. */
  private static long memoryBytes() {
    try {
      String all = Files.readString(Path.of("/proc/meminfo"), StandardCharsets.US_ASCII);
      Matcher total = MEMORY.matcher(all);
      return total.find() ? Long.parseLong(total.group(1)) << 10 : 0;
    } catch (IOException e) {
      LOG.debug("the machine's memory is not known", e);
      return 0;
    }
  }

  /**
   * How much to count: windows of a quarter of the memory at most. Of files that are longer and
   * read all over nothing is fetched then, and nothing drops out of the kernel's cache for it.
   */
  static int size(long memoryBytes) {
    long windows = memoryBytes / 4 / WINDOW_BYTES;
    return (int) Long.highestOneBit(Math.max(COUNTS_MIN, Math.min(windows, COUNTS_MAX)));
  }

  /**
   * Bytes of a file were asked for, by way of the kernel's cache.
   *
   * @param tookNanos how long it took to read them
   */
  void read(long inode, long offset, int sizeBytes, long tookNanos) {
    if (sizeBytes > PIECE_BYTES_MAX || offset < 0 || !fetcher.isAble()) {
      return;
    }
    long window = offset / WINDOW_BYTES;
    long key = key(inode, window + 1);
    long now = nanoTime.getAsLong();
    if (COUNTS.count(key, tookNanos > DISK_NANOS ? 2 : 1, now) >= PIECES_MIN) {
      COUNTS.done(key, now);
      if (!openForWriting.contains(inode)) {
        fetcher.fetchPages(inode, window * WINDOW_BYTES, WINDOW_BYTES);
      }
    }
  }

  /** A name was looked up in a directory, and is there. */
  void lookedUp(long directory, byte[] name) {
    if (!fetcher.isAble()) {
      return;
    }
    long now = nanoTime.getAsLong();
    NameSweeps.Part part = sweeps.lookedUp(directory, name, now);
    if (part != null) {
      fetch(directory, part);
      return;
    }
    long key = key(directory, 0);
    int count = COUNTS.count(key, 1, now);
    if (count == 0 || count % PIECES_MIN != 0) {
      return;
    }
    long names = names(directory);
    if (names > NAMES_MAX) {
      COUNTS.done(key, now);
    } else if (names <= (long) count * WHOLE_MAX) {
      COUNTS.done(key, now);
      fetcher.fetchNames(
          directory, NameSweeps.Part.first(count * WHOLE_MAX), (end, endCookie) -> {});
    }
  }

  private void fetch(long directory, NameSweeps.Part part) {
    if (part != NameSweeps.Part.NONE) {
      fetcher.fetchNames(
          directory,
          part,
          (end, endCookie) ->
              fetch(
                  directory,
                  sweeps.fetched(directory, part, end, endCookie, nanoTime.getAsLong())));
    }
  }

  /**
   * @param part 0 for all of a directory, 1 for the first window of a file
   */
  private long key(long inode, long part) {
    return mount + inode * INODE_FACTOR + part;
  }

  /** About how many there are; a great many if that cannot be found out. */
  private long names(long directory) {
    try {
      return fileSystem.getAttributes(directory).sizeBytes() / NAME_BYTES;
    } catch (IOException | RuntimeException e) {
      LOG.debug("nothing is fetched of directory {}", directory, e);
      return Long.MAX_VALUE;
    }
  }
}
