package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.fuse.Mapping;
import dev.firn.fuse.Posix;
import java.util.Arrays;
import jnr.constants.platform.Errno;

/** copy_file_range(2), and what asks for shared blocks. */
final class CopyRangeScenarios {
  private static final long FICLONE = 0x40049409L;

  @Scenario
  void rangesAreCopiedBetweenFiles(Place place) {
    int source = place.create("source");
    Posix.writeAll(source, pattern(500_000), 0);
    int target = place.create("target");
    Posix.writeAll(target, pattern(1000, 9), 0);
    copy(source, 1234, target, 500, 300_000);
    assertEquals(300_500, Posix.stat(target).sizeBytes());
    assertArrayEquals(pattern(500, 9), Posix.read(target, 0, 500));
    assertArrayEquals(
        Arrays.copyOfRange(pattern(500_000), 1234, 301_234), Posix.read(target, 500, 400_000));
    // Later changes of the one do not show in the other.
    Posix.writeAll(source, new byte[500_000], 0);
    Posix.writeAll(target, pattern(10, 7), 600);
    assertArrayEquals(pattern(10, 7), Posix.read(target, 600, 10));
    assertArrayEquals(
        Arrays.copyOfRange(pattern(500_000), 2000, 301_234), Posix.read(target, 1266, 400_000));
    assertArrayEquals(new byte[500_000], Posix.read(source, 0, 600_000));
  }

  @Scenario
  void rangesAreCopiedWithinAFile(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(100_000), 0);
    copy(fd, 0, fd, 200_000, 100_000);
    copy(fd, 50_000, fd, 0, 50_000);
    byte[] expected = new byte[300_000];
    System.arraycopy(pattern(100_000), 50_000, expected, 0, 50_000);
    System.arraycopy(pattern(100_000), 50_000, expected, 50_000, 50_000);
    System.arraycopy(pattern(100_000), 0, expected, 200_000, 100_000);
    assertArrayEquals(expected, Posix.read(fd, 0, 400_000));
  }

  @Scenario
  void overlappingRangesAreRefused(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(100_000), 0);
    assertFails(Errno.EINVAL, () -> copyOnce(fd, 0, fd, 9_999, 10_000));
    assertFails(Errno.EINVAL, () -> copyOnce(fd, 9_999, fd, 0, 10_000));
    assertFails(Errno.EINVAL, () -> copyOnce(fd, 5, fd, 5, 10));
    assertArrayEquals(pattern(100_000), Posix.read(fd, 0, 200_000));
  }

  @Scenario
  void copiesEndAtTheSourcesEnd(Place place) {
    int source = place.create("source");
    Posix.writeAll(source, pattern(1000), 0);
    int target = place.create("target");
    assertEquals(0, copyOnce(source, 1000, target, 0, 10));
    assertEquals(0, copyOnce(source, 5000, target, 0, 10));
    assertEquals(0, Posix.stat(target).sizeBytes());
    assertEquals(400, copyOnce(source, 600, target, 0, 1 << 20));
    assertArrayEquals(Arrays.copyOfRange(pattern(1000), 600, 1000), Posix.read(target, 0, 1000));
    assertEquals(0, copyOnce(source, 0, target, 0, 0));
  }

  @Scenario
  void copiesIncludeWhatIsNotYetWrittenBack(Place place) {
    int source = place.create("source");
    int target = place.create("target");
    for (int i = 0; i < 20; i++) {
      Posix.writeAll(source, pattern(30_000, i), i * 10_000L);
      copy(source, i * 10_000L, target, i * 10_000L, 30_000);
      assertArrayEquals(pattern(30_000, i), Posix.read(target, i * 10_000L, 30_000));
    }
    Mapping mapping =
        place.map(source, 0, 8192, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED);
    mapping.put(100, pattern(5000, 77));
    copy(source, 0, target, 0, 8192);
    assertArrayEquals(pattern(5000, 77), Posix.read(target, 100, 5000));
  }

  @Scenario
  void copiesShowInMappingsOfTheTarget(Place place) {
    int source = place.create("source");
    Posix.writeAll(source, pattern(20_000), 0);
    int target = place.create("target");
    Posix.writeAll(target, new byte[20_000], 0);
    Mapping mapping = place.map(target, 0, 20_000, Mapping.PROT_READ, Mapping.MAP_SHARED);
    assertArrayEquals(new byte[20_000], mapping.get(0, 20_000));
    copy(source, 0, target, 0, 20_000);
    assertArrayEquals(pattern(20_000), mapping.get(0, 20_000));
  }

  @Scenario
  void holesAreCopiedAsZeroes(Place place) {
    int source = place.create("source");
    check(LIBC.ftruncate(source, 1 << 20));
    Posix.writeAll(source, pattern(10), 500_000);
    int target = place.create("target");
    Posix.writeAll(target, pattern(1 << 20), 0);
    copy(source, 0, target, 0, 1 << 20);
    byte[] expected = new byte[1 << 20];
    System.arraycopy(pattern(10), 0, expected, 500_000, 10);
    assertArrayEquals(expected, Posix.read(target, 0, 1 << 20));
  }

  @Scenario
  void wrongDescriptorsAreRefused(Place place) {
    int file = place.create("file");
    Posix.writeAll(file, pattern(100), 0);
    int reader = place.open("file", Posix.O_RDONLY);
    int target = place.create("target");
    int writer = place.open("target", Posix.O_WRONLY);
    int appender = place.open("target", Posix.O_WRONLY | Posix.O_APPEND);
    place.mkdir("directory");
    int directory = place.open("directory", Posix.O_RDONLY);
    assertFails(Errno.EBADF, () -> copyOnce(writer, 0, file, 0, 10));
    assertFails(Errno.EBADF, () -> copyOnce(file, 0, reader, 0, 10));
    assertFails(Errno.EBADF, () -> copyOnce(file, 0, appender, 0, 10));
    assertFails(Errno.EISDIR, () -> copyOnce(directory, 0, file, 0, 10));
  }

  @Scenario
  void cloningIsAnsweredCleanly(Place place) {
    place.write("source", pattern(100));
    int source = place.open("source", Posix.O_RDONLY);
    int target = place.create("target");
    assertFails(Errno.EOPNOTSUPP, () -> check(LIBC.ioctl(target, FICLONE, source)));
    assertEquals(0, Posix.stat(target).sizeBytes());
  }

  @Scenario
  void flagsAreAnsweredCleanly(Place place) {
    long getFlags = 0x80086601L;
    int fd = place.create("file");
    byte[] flags = new byte[8];
    try {
      check(LIBC.ioctl(fd, getFlags, flags));
    } catch (Posix.Failure e) {
      assertEquals(Errno.ENOTTY, e.errno());
    }
    // A terminal's request is nobody's.
    assertFails(Errno.ENOTTY, () -> check(LIBC.ioctl(fd, 0x5401, new byte[64])));
  }

  /** All of it, in as many calls as it takes. */
  private static void copy(
      int source, long sourceOffset, int target, long targetOffset, long length) {
    for (long done = 0; done < length; ) {
      long part = copyOnce(source, sourceOffset + done, target, targetOffset + done, length - done);
      assertTrue(part > 0);
      done += part;
    }
  }

  private static long copyOnce(
      int source, long sourceOffset, int target, long targetOffset, long length) {
    long[] from = {sourceOffset};
    long[] to = {targetOffset};
    long copied = check(LIBC.copy_file_range(source, from, target, to, length, 0));
    assertEquals(sourceOffset + copied, from[0]);
    assertEquals(targetOffset + copied, to[0]);
    return copied;
  }
}
