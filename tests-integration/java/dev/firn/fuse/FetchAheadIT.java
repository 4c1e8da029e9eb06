package dev.firn.fuse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
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

    synchronized void add(long offset, int sizeBytes) {
      reads++;
      pages.set((int) (offset / PAGE_BYTES), (int) ((offset + sizeBytes) / PAGE_BYTES));
    }

    synchronized int count(int from) {
      return pages.get(from, from + WINDOW_PAGES).cardinality();
    }

    synchronized int reads() {
      return reads;
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
    FileSystem files =
        HookedFileSystem.over(
            new MemoryFileSystem(),
            (method, arguments) -> {
              if (method.equals("read")) {
                asked.add((long) arguments[1], ((ByteBuffer) arguments[2]).remaining());
              }
            });
    byte[] content = new byte[4 * WINDOW_PAGES * PAGE_BYTES];
    Random random = Seeds.random("FetchAheadIT");
    random.nextBytes(content);
    try (TestMount mount = new TestMount(transport, files)) {
      Files.write(mount.directory().resolve("file"), content);
    }
    try (TestMount mount = new TestMount(transport, files);
        FileChannel file = FileChannel.open(mount.directory().resolve("file"))) {
      int window = 2 * WINDOW_PAGES;
      for (int page : new int[] {20, 3, 11}) {
        read(file, window + page, 1);
      }
      assertEquals(3, asked.count(window));
      read(file, window + 27, 1);
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
    AtomicInteger lookups = new AtomicInteger();
    AtomicInteger listings = new AtomicInteger();
    try (TestVolume volume = new TestVolume()) {
      FileSystem files =
          HookedFileSystem.over(
              volume.fileSystem(),
              (method, arguments) -> {
                switch (method) {
                  case "lookup" -> lookups.incrementAndGet();
                  case "openDirectory" -> listings.incrementAndGet();
                  case "releaseDirectory" -> listings.decrementAndGet();
                  default -> {}
                }
              });
      try (TestMount mount = new TestMount(transport, files)) {
        Path directory = Files.createDirectories(mount.directory().resolve(parent));
        for (int i = 0; i < NAMES; i++) {
          Files.createFile(directory.resolve("a-rather-long-name-" + i));
        }
      }
      try (TestMount mount = new TestMount(transport, files)) {
        Path directory = mount.directory().resolve(parent);
        lookups.set(0);
        // These names are longer than usual ones: an eighth is a few more.
        int asked = NAMES / 8 + NAMES / 40;
        for (int i = 0; i < asked; i++) {
          Files.size(directory.resolve("a-rather-long-name-" + i * 5));
        }
        // Each name of a listing is looked up; it is closed when the kernel knows them.
        assertTrue(
            Waiting.until(
                WAIT_MILLIS, () -> lookups.get() >= NAMES + asked / 2 && listings.get() == 0),
            "the names are not fetched");
        int before = lookups.get();
        for (int i = 0; i < NAMES; i++) {
          Files.size(directory.resolve("a-rather-long-name-" + i));
        }
        // The directory itself may have to be looked up again.
        assertTrue(lookups.get() <= before + 1, lookups.get() - before + " were looked up");
      }
    }
  }

  /** What is under way neither keeps a mount busy nor outlives it. */
  @Test
  void unmountingDoesNotMindIt() throws Exception {
    FileSystem files = HookedFileSystem.with(method -> {});
    try (TestMount mount = new TestMount(transport, files)) {
      Files.write(mount.directory().resolve("file"), new byte[ROUNDS * WINDOW_PAGES * PAGE_BYTES]);
    }
    for (int round = 0; round < ROUNDS; round++) {
      try (TestMount mount = new TestMount(transport, files);
          FileChannel file = FileChannel.open(mount.directory().resolve("file"))) {
        for (int page = 0; page < ROUNDS * WINDOW_PAGES; page += 5) {
          assertArrayEquals(new byte[PAGE_BYTES], read(file, page, 1));
        }
      }
    }
  }
}
