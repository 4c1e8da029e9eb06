package dev.firn.fuse;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is asked for piece by piece is soon in the kernel's cache as a whole. */
@ParameterizedClass
@MethodSource("dev.firn.fuse.TestTransports#kernel")
class FetchAheadIT {
  private static final int PAGE_BYTES = 4096;
  private static final int WINDOW_PAGES = 32;
  private static final int NAMES = 3000;
  private static final int ROUNDS = 20;
  private static final long WAIT_MILLIS = 30_000;

  @Parameter Transport transport;

  /** Pages that a file system was asked for, by their numbers. */
  private static final class AskedPages {
    private final BitSet pages = new BitSet();
    private int reads;
    private long bytes;

    /** The same, asked by way of this. */
    FileSystem of(FileSystem files) {
      return HookedFileSystem.over(
          files,
          (method, arguments) -> {
            if (method.equals("read")) {
              add((long) arguments[1], ((ByteBuffer) arguments[2]).remaining());
            }
          });
    }

    private synchronized void add(long offset, int sizeBytes) {
      reads++;
      bytes += sizeBytes;
      pages.set((int) (offset / PAGE_BYTES), (int) ((offset + sizeBytes) / PAGE_BYTES));
    }

    synchronized int count(int from) {
      return pages.get(from, from + WINDOW_PAGES).cardinality();
    }

    synchronized int reads() {
      return reads;
    }

    synchronized long bytes() {
      return bytes;
    }
  }

  /** Counts names that a file system was asked for; each of a listing is looked up, too. */
  private static final class AskedNames {
    private final AtomicInteger lookups = new AtomicInteger();
    private final AtomicInteger listings = new AtomicInteger();

    /** The same, asked by way of this. */
    FileSystem of(FileSystem files) {
      return HookedFileSystem.over(
          files,
          (method, arguments) -> {
            switch (method) {
              case "lookup" -> {
                // Not the directory: it may have to be looked up again.
                if (((byte[]) arguments[1]).length == name(0).length()) {
                  lookups.incrementAndGet();
                }
              }
              case "openDirectory" -> listings.incrementAndGet();
              case "releaseDirectory" -> listings.decrementAndGet();
              default -> {}
            }
          });
    }

    /** A listing is closed when the kernel knows its names. */
    void awaitListed(int names) throws Exception {
      assertTrue(
          Waiting.until(WAIT_MILLIS, () -> lookups.get() >= names && listings.get() == 0),
          "the names are not fetched: " + lookups.get());
    }
  }

  private static byte[] read(FileChannel file, int page, int pages) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(pages * PAGE_BYTES);
    while (buffer.hasRemaining()) {
      assertTrue(file.read(buffer, (long) page * PAGE_BYTES + buffer.position()) > 0);
    }
    return buffer.array();
  }

  @Test
  void windowsOfFiles() throws Exception {
    AskedPages asked = new AskedPages();
    FileSystem files = asked.of(new MemoryFileSystem());
    byte[] content = new byte[4 * WINDOW_PAGES * PAGE_BYTES];
    Random random = Seeds.random("FetchAheadIT");
    random.nextBytes(content);
    try (TestMount mount = new TestMount(transport, files)) {
      Files.write(mount.directory().resolve("file"), content);
    }
    try (TestMount mount = new TestMount(transport, files);
        FileChannel file = FileChannel.open(mount.directory().resolve("file"))) {
      int window = 2 * WINDOW_PAGES;
      read(file, window + 20, 1);
      assertEquals(1, asked.count(window));
      // Two are enough if each takes long.
      for (int page : new int[] {3, 11, 27}) {
        read(file, window + page, 1);
      }
      assertTrue(
          Waiting.until(WAIT_MILLIS, () -> asked.count(window) == WINDOW_PAGES),
          "the window is not fetched");
      int reads = asked.reads();
      byte[] fetched = read(file, window, WINDOW_PAGES);
      assertEquals(reads, asked.reads());
      int start = window * PAGE_BYTES;
      byte[] expected = Arrays.copyOfRange(content, start, start + fetched.length);
      assertArrayEquals(expected, fetched);
      // Neither of its neighbours was.
      assertEquals(0, asked.count(window - WINDOW_PAGES));
      assertEquals(0, asked.count(window + WINDOW_PAGES));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "directory"})
  void namesOfDirectories(String parent) throws Exception {
    withNames(
        parent,
        (directory, asked) -> {
          // These names are longer than usual ones: an eighth is a few more.
          int lookedUp = NAMES / 8 + NAMES / 40;
          for (int i = 0; i < lookedUp; i++) {
            // Downwards, which is no order.
            Files.size(directory.resolve(name(5 * (lookedUp - i))));
          }
          asked.awaitListed(NAMES + lookedUp / 2);
          int before = asked.lookups.get();
          for (int i = 0; i < NAMES; i++) {
            Files.size(directory.resolve(name(i)));
          }
          assertEquals(before, asked.lookups.get());
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "directory"})
  void namesThatComeInOrder(String parent) throws Exception {
    withNames(
        parent,
        (directory, asked) -> {
          int waits = 0;
          for (int i = 0; i < NAMES; i++) {
            int before = asked.lookups.get();
            Files.size(directory.resolve(name(i)));
            if (i >= 15 && asked.lookups.get() > before) {
              asked.awaitListed(Math.min(i + 100, NAMES));
              waits++;
            }
          }
          // After sixteen names, and at the ends of what was fetched then, and eight times that.
          assertTrue(waits >= 2 && waits <= 4, waits + " names were waited for");
        });
  }

  /**
   * What is fetched lists the directory, too, when names have gone that somebody else's listing
   * began with.
   */
  @Test
  void listingsLoseNothing() throws Exception {
    withNames(
        "",
        (directory, asked) -> {
          try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            Iterator<Path> listing = stream.iterator();
            List<String> listed = new ArrayList<>();
            while (listed.size() < NAMES / 2) {
              listed.add(listing.next().getFileName().toString());
            }
            for (String name : listed.subList(0, NAMES / 6)) {
              Files.delete(directory.resolve(name));
            }
            for (int i = NAMES / 2; i < NAMES; i++) {
              Files.size(directory.resolve(name(i)));
            }
            assertTrue(asked.lookups.get() >= NAMES / 2, "nothing is fetched");
            // The stream's own listing is open.
            assertTrue(
                Waiting.until(WAIT_MILLIS, () -> asked.listings.get() == 1),
                "it is still fetching");
            listing.forEachRemaining(path -> listed.add(path.getFileName().toString()));
            List<String> all = IntStream.range(0, NAMES).mapToObj(FetchAheadIT::name).toList();
            assertEquals(all, listed);
          }
        });
  }

  /** Done with a directory that was just mounted, and what was asked of it since. */
  private interface Use {
    void of(Path directory, AskedNames asked) throws Exception;
  }

  /** Uses a directory with {@link #NAMES} names, of which the kernel knows none. */
  private void withNames(String parent, Use use) throws Exception {
    AskedNames asked = new AskedNames();
    try (TestVolume volume = new TestVolume()) {
      FileSystem files = asked.of(volume.fileSystem());
      try (TestMount mount = new TestMount(transport, files)) {
        Path directory = Files.createDirectories(mount.directory().resolve(parent));
        for (int i = 0; i < NAMES; i++) {
          Files.createFile(directory.resolve(name(i)));
        }
      }
      try (TestMount mount = new TestMount(transport, files)) {
        asked.lookups.set(0);
        use.of(mount.directory().resolve(parent), asked);
      }
    }
  }

  private static String name(int number) {
    return String.format("a-rather-long-name-%05d", number);
  }

  /** What is closed here would take the error of a write that fails later from its writer. */
  @Test
  void whoWritesLearnsOfErrors() throws Exception {
    AskedPages asked = new AskedPages();
    AtomicBoolean full = new AtomicBoolean();
    FileSystem files =
        asked.of(
            HookedFileSystem.with(
                method -> {
                  if (method.equals("write") && full.get()) {
                    throw new ErrnoException(dev.firn.vfs.Errno.ENOSPC);
                  }
                }));
    byte[] content = new byte[2 * WINDOW_PAGES * PAGE_BYTES];
    try (TestMount mount = new TestMount(transport, files)) {
      Files.write(mount.directory().resolve("written"), content);
      Files.write(mount.directory().resolve("read"), content);
    }
    try (TestMount mount = new TestMount(transport, files);
        FileChannel other = FileChannel.open(mount.directory().resolve("read"))) {
      int fd = Posix.open(mount.path("written"), Posix.O_RDWR);
      Posix.writeAll(fd, new byte[PAGE_BYTES], 0);
      full.set(true);
      // Of the first window of one, and then of the second of the other, which is fetched.
      for (int page : new int[] {5, 12, 20, 27}) {
        Posix.read(fd, (long) page * PAGE_BYTES, PAGE_BYTES);
      }
      for (int page : new int[] {5, 12, 20, 27}) {
        read(other, WINDOW_PAGES + page, 1);
      }
      assertTrue(
          Waiting.until(WAIT_MILLIS, () -> asked.count(WINDOW_PAGES) == WINDOW_PAGES),
          "the window is not fetched");
      assertEquals(4, asked.count(0));
      assertFails(Errno.ENOSPC, () -> check(LIBC.close(fd)));
      full.set(false);
    }
  }

  @Test
  void nothingIsFetchedIfSoWanted() throws Exception {
    AskedPages asked = new AskedPages();
    FileSystem files = asked.of(new MemoryFileSystem());
    try (TestMount mount = new TestMount(transport, files)) {
      Files.write(mount.directory().resolve("file"), new byte[4 * WINDOW_PAGES * PAGE_BYTES]);
    }
    try (TestMount mount = new TestMount(transport, files, "no_fetch_ahead");
        FileChannel file = FileChannel.open(mount.directory().resolve("file"))) {
      // Backwards, or the kernel would read ahead.
      for (int page = 2 * WINDOW_PAGES - 1; page >= WINDOW_PAGES; page--) {
        read(file, page, 1);
      }
      assertEquals(WINDOW_PAGES, asked.reads());
    }
  }

  /** What is under way neither keeps a mount busy nor keeps it from ending. */
  @Test
  void unmountingDoesNotMindIt() throws Exception {
    AskedPages asked = new AskedPages();
    FileSystem files = asked.of(new MemoryFileSystem());
    byte[] content = new byte[ROUNDS * WINDOW_PAGES * PAGE_BYTES];
    Seeds.random("FetchAheadIT").nextBytes(content);
    try (TestMount mount = new TestMount(transport, files)) {
      Files.write(mount.directory().resolve("file"), content);
    }
    long wanted = 0;
    for (int round = 0; round < ROUNDS; round++) {
      try (TestMount mount = new TestMount(transport, files);
          FileChannel file = FileChannel.open(mount.directory().resolve("file"))) {
        for (int page = 0; page < ROUNDS * WINDOW_PAGES; page += 5) {
          int start = page * PAGE_BYTES;
          byte[] expected = Arrays.copyOfRange(content, start, start + PAGE_BYTES);
          assertArrayEquals(expected, read(file, page, 1));
          wanted += PAGE_BYTES;
        }
      }
    }
    assertTrue(asked.bytes() > wanted, "nothing was fetched: " + asked.bytes() + " bytes");
  }
}
