package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.fuse.Posix;
import java.util.Arrays;
import jnr.constants.platform.Errno;

/** Sparse files and fallocate(2). */
final class SpaceScenarios {
  private static final int BLOCK = 64 << 10;

  @Scenario
  void filesBeyond4GiBAreSparse(Place place) {
    long offset = (5L << 30) + 12345;
    int fd = place.create("big");
    Posix.writeAll(fd, pattern(5000), offset);
    assertEquals(offset + 5000, Posix.stat(fd).sizeBytes());
    check(LIBC.fsync(fd));
    assertTrue(Posix.stat(fd).blocks() < 1000);
    assertArrayEquals(pattern(5000), Posix.read(fd, offset, 5000));
    assertArrayEquals(new byte[4096], Posix.read(fd, 1L << 32, 4096));
    assertEquals(100, Posix.read(fd, offset + 4900, 5000).length);
  }

  @Scenario
  void seekFindsDataAndHoles(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(BLOCK), BLOCK);
    Posix.writeAll(fd, pattern(BLOCK), 5L * BLOCK);
    check(LIBC.ftruncate(fd, 10L * BLOCK));
    assertEquals(0, check(LIBC.lseek(fd, 0, Posix.SEEK_HOLE)));
    assertEquals(BLOCK, check(LIBC.lseek(fd, 0, Posix.SEEK_DATA)));
    assertEquals(BLOCK + 10, check(LIBC.lseek(fd, BLOCK + 10, Posix.SEEK_DATA)));
    assertEquals(2 * BLOCK, check(LIBC.lseek(fd, BLOCK, Posix.SEEK_HOLE)));
    assertEquals(5 * BLOCK, check(LIBC.lseek(fd, 2 * BLOCK, Posix.SEEK_DATA)));
    assertEquals(6 * BLOCK, check(LIBC.lseek(fd, 5 * BLOCK, Posix.SEEK_HOLE)));
    assertFails(Errno.ENXIO, () -> check(LIBC.lseek(fd, 6 * BLOCK, Posix.SEEK_DATA)));
    assertFails(Errno.ENXIO, () -> check(LIBC.lseek(fd, 10 * BLOCK, Posix.SEEK_HOLE)));
    assertFails(Errno.ENXIO, () -> check(LIBC.lseek(fd, 10 * BLOCK, Posix.SEEK_DATA)));
    assertFails(Errno.ENXIO, () -> check(LIBC.lseek(fd, 11 * BLOCK, Posix.SEEK_DATA)));
  }

  @Scenario
  void theEndOfAFileIsAHole(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(BLOCK + 100), 0);
    assertEquals(BLOCK + 100, check(LIBC.lseek(fd, 0, Posix.SEEK_HOLE)));
    assertEquals(BLOCK + 99, check(LIBC.lseek(fd, BLOCK + 99, Posix.SEEK_DATA)));
    int empty = place.create("empty");
    assertFails(Errno.ENXIO, () -> check(LIBC.lseek(empty, 0, Posix.SEEK_DATA)));
    assertFails(Errno.ENXIO, () -> check(LIBC.lseek(empty, 0, Posix.SEEK_HOLE)));
  }

  @Scenario
  void allocationGrowsAFileWithZeroes(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(500), 0);
    check(LIBC.fallocate(fd, 0, 1000, 9000));
    assertEquals(10_000, Posix.stat(fd).sizeBytes());
    assertArrayEquals(Arrays.copyOf(pattern(500), 10_000), Posix.read(fd, 0, 20_000));
    check(LIBC.fallocate(fd, 0, 0, 100));
    assertEquals(10_000, Posix.stat(fd).sizeBytes());
    assertArrayEquals(pattern(500), Posix.read(fd, 0, 500));
  }

  @Scenario
  void allocationCanKeepTheSize(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(500), 0);
    check(LIBC.fallocate(fd, Posix.KEEP_SIZE, 0, 1 << 20));
    assertEquals(500, Posix.stat(fd).sizeBytes());
    assertArrayEquals(pattern(500), Posix.read(fd, 0, 1000));
  }

  @Scenario
  void punchingMakesHoles(Place place) {
    int fd = place.create("file");
    byte[] expected = pattern(10 * BLOCK);
    Posix.writeAll(fd, expected, 0);
    check(LIBC.fsync(fd));
    long before = Posix.stat(fd).blocks();
    check(LIBC.fallocate(fd, Posix.PUNCH_HOLE | Posix.KEEP_SIZE, 2 * BLOCK, 4 * BLOCK));
    Arrays.fill(expected, 2 * BLOCK, 6 * BLOCK, (byte) 0);
    assertArrayEquals(expected, Posix.read(fd, 0, 20 * BLOCK));
    assertEquals(10 * BLOCK, Posix.stat(fd).sizeBytes());
    check(LIBC.fsync(fd));
    assertTrue(Posix.stat(fd).blocks() < before, "no block was freed");
    assertEquals(2 * BLOCK, check(LIBC.lseek(fd, 0, Posix.SEEK_HOLE)));
    assertEquals(6 * BLOCK, check(LIBC.lseek(fd, 2 * BLOCK, Posix.SEEK_DATA)));
  }

  @Scenario
  void punchingHitsWhatIsNotYetWrittenBack(Place place) {
    int fd = place.create("file");
    byte[] expected = pattern(BLOCK);
    Posix.writeAll(fd, expected, 0);
    // Neither end at a page.
    check(LIBC.fallocate(fd, Posix.PUNCH_HOLE | Posix.KEEP_SIZE, 1000, 20_000));
    Arrays.fill(expected, 1000, 21_000, (byte) 0);
    assertArrayEquals(expected, Posix.read(fd, 0, BLOCK));
    Posix.writeAll(fd, pattern(3000, 8), 5000);
    System.arraycopy(pattern(3000, 8), 0, expected, 5000, 3000);
    check(LIBC.fsync(fd));
    assertArrayEquals(expected, Posix.read(fd, 0, BLOCK));
    check(LIBC.fallocate(fd, Posix.PUNCH_HOLE | Posix.KEEP_SIZE, BLOCK - 100, 1 << 20));
    Arrays.fill(expected, BLOCK - 100, BLOCK, (byte) 0);
    assertArrayEquals(expected, Posix.read(fd, 0, 2 * BLOCK));
  }

  @Scenario
  void zeroingARangeCanGrowTheFile(Place place) {
    int fd = place.create("file");
    byte[] expected = pattern(BLOCK);
    Posix.writeAll(fd, expected, 0);
    check(LIBC.fallocate(fd, Posix.ZERO_RANGE, 777, 9999));
    Arrays.fill(expected, 777, 777 + 9999, (byte) 0);
    assertArrayEquals(expected, Posix.read(fd, 0, 2 * BLOCK));
    check(LIBC.fallocate(fd, Posix.ZERO_RANGE | Posix.KEEP_SIZE, BLOCK - 10, 10_000));
    Arrays.fill(expected, BLOCK - 10, BLOCK, (byte) 0);
    assertArrayEquals(expected, Posix.read(fd, 0, 2 * BLOCK));
    check(LIBC.fallocate(fd, Posix.ZERO_RANGE, BLOCK - 20, 10_000));
    expected = Arrays.copyOf(expected, BLOCK - 20 + 10_000);
    Arrays.fill(expected, BLOCK - 20, BLOCK, (byte) 0);
    assertArrayEquals(expected, Posix.read(fd, 0, 2 * BLOCK));
  }

  @Scenario
  void senselessAllocationsAreRefused(Place place) {
    int fd = place.create("file");
    assertFails(Errno.EINVAL, () -> check(LIBC.fallocate(fd, 0, 0, 0)));
    assertFails(Errno.EINVAL, () -> check(LIBC.fallocate(fd, 0, -1, 10)));
    assertFails(Errno.EFBIG, () -> check(LIBC.fallocate(fd, 0, Long.MAX_VALUE - 5, 10)));
    assertFails(Errno.EOPNOTSUPP, () -> check(LIBC.fallocate(fd, Posix.PUNCH_HOLE, 0, 10)));
    assertFails(Errno.EOPNOTSUPP, () -> check(LIBC.fallocate(fd, 0x4000, 0, 4096)));
    int reader = place.open("file", Posix.O_RDONLY);
    assertFails(Errno.EBADF, () -> check(LIBC.fallocate(reader, 0, 0, 10)));
    place.mkdir("directory");
    int directory = place.open("directory", Posix.O_RDONLY);
    assertFails(Errno.EBADF, () -> check(LIBC.fallocate(directory, 0, 0, 10)));
  }

  @Scenario
  void cpKeepsFilesSparse(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(BLOCK), 100L << 20);
    check(LIBC.ftruncate(fd, 300L << 20));
    place.run("cp", "--sparse=always", "file", "copy");
    assertEquals(300L << 20, place.stat("copy").sizeBytes());
    place.run("sync", "copy");
    assertTrue(place.stat("copy").blocks() < 2000, "blocks: " + place.stat("copy").blocks());
    place.run("cmp", "file", "copy");
  }
}
