package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.fuse.Mapping;
import dev.firn.fuse.Posix;
import dev.firn.vfs.FileMode;
import java.util.Arrays;
import jnr.constants.platform.Errno;

/** Making files shorter and longer, with and without pages in memory. */
final class TruncateScenarios {
  private static final int READ_WRITE = Mapping.PROT_READ | Mapping.PROT_WRITE;

  @Scenario
  void truncationShrinksAndGrows(Place place) {
    place.write("file", pattern(100_000));
    place.truncate("file", 70_000);
    place.truncate("file", 80_000);
    byte[] expected = Arrays.copyOf(pattern(70_000), 80_000);
    assertArrayEquals(expected, place.read("file"));
    int fd = place.open("file", Posix.O_RDWR);
    check(LIBC.ftruncate(fd, 10));
    assertEquals(10, Posix.stat(fd).sizeBytes());
    assertArrayEquals(pattern(10), Posix.read(fd, 0, 100));
  }

  @Scenario
  void whatWasCutOffNeverComesBack(Place place) {
    int fd = place.create("file");
    for (int size : new int[] {1, 511, 512, 4095, 4096, 4097, 10_000, 131_071, 131_073}) {
      Posix.writeAll(fd, pattern(200_000), 0);
      check(LIBC.ftruncate(fd, size));
      check(LIBC.ftruncate(fd, 200_000));
      byte[] expected = Arrays.copyOf(pattern(size), 200_000);
      assertArrayEquals(expected, Posix.read(fd, 0, 200_000), "size " + size);
    }
  }

  @Scenario
  void writesBeyondTheEndLeaveZeroesBetween(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(100_000), 0);
    check(LIBC.ftruncate(fd, 1001));
    Posix.writeAll(fd, pattern(10), 50_000);
    byte[] expected = Arrays.copyOf(pattern(1001), 50_010);
    System.arraycopy(pattern(10), 0, expected, 50_000, 10);
    assertArrayEquals(expected, Posix.read(fd, 0, 100_000));
  }

  @Scenario
  void mappedPagesAreCutOffToo(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(20_000), 0);
    Mapping mapping = place.map(fd, 0, 20_000, READ_WRITE, Mapping.MAP_SHARED);
    mapping.put(0, pattern(20_000, 7));
    check(LIBC.ftruncate(fd, 5000));
    check(LIBC.ftruncate(fd, 20_000));
    byte[] expected = Arrays.copyOf(pattern(5000, 7), 20_000);
    assertArrayEquals(expected, mapping.get(0, 20_000));
    assertArrayEquals(expected, Posix.read(fd, 0, 20_000));
    mapping.put(19_000, pattern(100, 3));
    mapping.sync();
    System.arraycopy(pattern(100, 3), 0, expected, 19_000, 100);
    assertArrayEquals(expected, place.read("file"));
  }

  @Scenario
  void storesBehindTheEndInTheLastPageAreLost(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(1000), 0);
    Mapping mapping = place.map(fd, 0, 4096, READ_WRITE, Mapping.MAP_SHARED);
    mapping.put(900, pattern(1000, 5));
    mapping.sync();
    mapping.close();
    assertEquals(1000, Posix.stat(fd).sizeBytes());
    check(LIBC.ftruncate(fd, 4096));
    byte[] expected = Arrays.copyOf(pattern(900), 4096);
    System.arraycopy(pattern(100, 5), 0, expected, 900, 100);
    assertArrayEquals(expected, Posix.read(fd, 0, 5000));
  }

  @Scenario
  void truncationByNameIsSeenThroughDescriptors(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(50_000), 0);
    place.truncate("file", 100);
    assertEquals(100, Posix.stat(fd).sizeBytes());
    assertArrayEquals(pattern(100), Posix.read(fd, 0, 1000));
    place.link("file", "other");
    place.truncate("other", 200);
    assertArrayEquals(Arrays.copyOf(pattern(100), 200), Posix.read(fd, 0, 1000));
  }

  @Scenario
  void truncatingWhatIsNoFileFails(Place place) {
    place.mkdir("directory");
    place.symlink("nowhere", "dangling");
    assertFails(Errno.EISDIR, () -> place.truncate("directory", 0));
    assertFails(Errno.ENOENT, () -> place.truncate("dangling", 0));
    assertFails(Errno.EINVAL, () -> place.truncate("directory", -1));
    place.mknod("fifo", FileMode.FIFO | 0600, 0);
    assertFails(Errno.EINVAL, () -> place.truncate("fifo", 0));
  }

  @Scenario
  void sizesAndDataSurviveDroppedCaches(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(100_000), 0);
    check(LIBC.ftruncate(fd, 60_000));
    check(LIBC.ftruncate(fd, 90_000));
    check(LIBC.fsync(fd));
    int dontNeed = 4;
    assertEquals(0, LIBC.posix_fadvise(fd, 0, 0, dontNeed));
    assertArrayEquals(Arrays.copyOf(pattern(60_000), 90_000), Posix.read(fd, 0, 100_000));
  }
}
