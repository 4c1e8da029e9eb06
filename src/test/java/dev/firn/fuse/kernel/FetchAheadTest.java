package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.vfs.Attributes;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class FetchAheadTest {
  private static final int PAGE_BYTES = 4096;
  private static final long DIRECTORY = 5;
  private static final long QUICK_NANOS = 5_000;

  private final Fetched fetched = new Fetched();
  private final OpenForWriting openForWriting = new OpenForWriting();

  /** Which stands still, so that a slow machine forgets nothing. */
  private static final long NOW = System.nanoTime();

  /** Size of all directories; below 0: cannot be read. */
  private long directoryBytes;

  private final FetchAhead fetchAhead =
      new FetchAhead(
          (FileSystem)
              Proxy.newProxyInstance(
                  FetchAheadTest.class.getClassLoader(),
                  new Class<?>[] {FileSystem.class},
                  (proxy, method, arguments) -> directory()),
          openForWriting,
          fetched,
          () -> NOW);

  private Attributes directory() throws ErrnoException {
    if (directoryBytes < 0) {
      throw new ErrnoException(Errno.EIO);
    }
    return new Attributes(
        DIRECTORY, FileMode.DIRECTORY, 0, 0, 2, directoryBytes, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  /** In no order. */
  private void lookUp(int times) {
    for (int i = 0; i < times; i++) {
      fetchAhead.lookedUp(DIRECTORY, name(-i));
    }
  }

  private static byte[] name(int number) {
    return Integer.toString(1_000_000 + number).getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void fourPagesFetchTheirWindowOnce() {
    long start = 3L * FetchAhead.WINDOW_BYTES;
    for (int page : new int[] {7, 31, 0}) {
      fetchAhead.read(9, start + page * PAGE_BYTES, PAGE_BYTES, QUICK_NANOS);
    }
    // Others, each a neighbour.
    fetchAhead.read(9, start - PAGE_BYTES, PAGE_BYTES, QUICK_NANOS);
    fetchAhead.read(9, start + FetchAhead.WINDOW_BYTES, PAGE_BYTES, QUICK_NANOS);
    fetchAhead.read(8, start, PAGE_BYTES, QUICK_NANOS);
    assertEquals(List.of(), fetched.wanted);
    for (int page = 11; page < 30; page++) {
      fetchAhead.read(9, start + page * PAGE_BYTES, PAGE_BYTES, QUICK_NANOS);
    }
    assertEquals(List.of("9@393216+131072"), fetched.wanted);
  }

  @Test
  void twoPagesFromTheDiskFetchTheirWindow() {
    fetchAhead.read(9, 0, PAGE_BYTES, 80_000);
    assertEquals(List.of(), fetched.wanted);
    fetchAhead.read(9, 9 * PAGE_BYTES, PAGE_BYTES, 80_000);
    assertEquals(List.of("9@0+131072"), fetched.wanted);
  }

  @Test
  void aPageFromTheDiskCountsForTwo() {
    fetchAhead.read(9, 0, PAGE_BYTES, QUICK_NANOS);
    fetchAhead.read(9, 9 * PAGE_BYTES, PAGE_BYTES, 80_000);
    assertEquals(List.of(), fetched.wanted);
    fetchAhead.read(9, 7 * PAGE_BYTES, PAGE_BYTES, QUICK_NANOS);
    assertEquals(List.of("9@0+131072"), fetched.wanted);
  }

  /** To close it would take a failed write's error away from whoever has it open. */
  @Test
  void nothingIsFetchedOfAFileThatIsOpenForWriting() {
    openForWriting.opened(9);
    for (int page = 0; page < 10; page++) {
      fetchAhead.read(9, page * PAGE_BYTES, PAGE_BYTES, QUICK_NANOS);
    }
    assertEquals(List.of(), fetched.wanted);
  }

  @Test
  void longReadsAreNoPieces() {
    for (int i = 0; i < 100; i++) {
      fetchAhead.read(9, i * PAGE_BYTES, 5 * PAGE_BYTES, QUICK_NANOS);
    }
    assertEquals(List.of(), fetched.wanted);
  }

  @Test
  void anEighthOfItsNamesFetchesADirectoryOnce() {
    // Some 100 names.
    directoryBytes = 4_800;
    lookUp(12);
    assertEquals(List.of(), fetched.wanted);
    lookUp(4);
    assertEquals(List.of("5:0+128"), fetched.wanted);
    lookUp(100);
    assertEquals(List.of("5:0+128"), fetched.wanted);
  }

  @Test
  void aSmallDirectoryIsFetchedAfterFourNames() {
    lookUp(3);
    assertEquals(List.of(), fetched.wanted);
    lookUp(1);
    assertEquals(List.of("5:0+32"), fetched.wanted);
  }

  @Test
  void namesInOrderFetchWhatFollows() {
    directoryBytes = 48L * 10_000;
    for (int i = 1; i <= NameSweeps.NAMES_MIN; i++) {
      fetchAhead.lookedUp(DIRECTORY, name(i));
    }
    assertEquals(List.of("5:0+128"), fetched.wanted);
    fetched.listeners.get(0).fetched(name(130), 130);
    fetchAhead.lookedUp(DIRECTORY, name(131));
    assertEquals(List.of("5:0+128", "5:130+1024"), fetched.wanted);
    // Whoever asks has come further meanwhile.
    fetchAhead.lookedUp(DIRECTORY, name(1300));
    fetched.listeners.get(1).fetched(name(1200), 1200);
    assertEquals(List.of("5:0+128", "5:130+1024", "5:1200+8192"), fetched.wanted);
    fetched.listeners.get(2).fetched(null, 0);
    for (int i = 9_500; i < 9_600; i++) {
      fetchAhead.lookedUp(DIRECTORY, name(i));
    }
    assertEquals(3, fetched.wanted.size());
  }

  @Test
  void aHugeDirectoryIsNotFetched() {
    directoryBytes = 48L * 70_000;
    lookUp(69_000);
    assertEquals(List.of(), fetched.wanted);
  }

  @Test
  void aDirectoryThatCannotBeReadIsNotFetched() {
    directoryBytes = -1;
    lookUp(100);
    assertEquals(List.of(), fetched.wanted);
  }

  @Test
  void countsWindowsOfAQuarterOfTheMemory() {
    assertEquals(1 << 15, FetchAhead.size(64L << 30));
    assertEquals(1 << 12, FetchAhead.size(2L << 30));
    assertEquals(1 << 8, FetchAhead.size(0));
  }
}
