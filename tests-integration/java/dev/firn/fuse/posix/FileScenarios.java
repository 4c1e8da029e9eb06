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
import dev.firn.vfs.FileMode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import jnr.constants.platform.Errno;

/** Opening, reading, writing. */
final class FileScenarios {
  private static final int PAGE_BYTES = 4096;
  private static final int ADVICE_DO_NOT_NEED = 4;

  @Scenario
  void contentsAreKept(Place place) {
    byte[] contents = pattern(300_001);
    place.write("file", contents);
    assertArrayEquals(contents, place.read("file"));
    assertEquals(contents.length, place.stat("file").sizeBytes());
    place.write("file", new byte[] {1, 2, 3});
    assertArrayEquals(new byte[] {1, 2, 3}, place.read("file"));
  }

  @Scenario
  void readsStopAtTheEnd(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(5000), 0);
    assertEquals(100, Posix.read(fd, 4900, 5000).length);
    assertEquals(0, Posix.read(fd, 5000, 10).length);
    assertEquals(0, Posix.read(fd, 1L << 40, 10).length);
  }

  @Scenario
  void positionsMoveWithReadsAndWrites(Place place) {
    int fd = place.create("file");
    assertEquals(5, check(LIBC.write(fd, pattern(5), 5)));
    assertEquals(5, check(LIBC.write(fd, pattern(5, 9), 5)));
    assertEquals(10, check(LIBC.lseek(fd, 0, Posix.SEEK_CUR)));
    assertEquals(3, check(LIBC.lseek(fd, 3, Posix.SEEK_SET)));
    byte[] bytes = new byte[4];
    assertEquals(4, check(LIBC.read(fd, bytes, 4)));
    assertArrayEquals(new byte[] {pattern(5)[3], pattern(5)[4], 9, pattern(5, 9)[1]}, bytes);
    assertEquals(8, check(LIBC.lseek(fd, -2, Posix.SEEK_END)));
    assertFails(Errno.EINVAL, () -> check(LIBC.lseek(fd, -11, Posix.SEEK_END)));
  }

  @Scenario
  void aWriteOfNothingChangesNothing(Place place) {
    int fd = place.create("file");
    assertEquals(0, check(LIBC.pwrite(fd, new byte[0], 0, 100)));
    assertEquals(0, Posix.stat(fd).sizeBytes());
  }

  @Scenario
  void openModesAreKept(Place place) {
    place.write("file", "x");
    int reader = place.open("file", Posix.O_RDONLY);
    assertFails(Errno.EBADF, () -> Posix.writeAll(reader, new byte[1], 0));
    assertFails(Errno.EINVAL, () -> check(LIBC.ftruncate(reader, 0)));
    int writer = place.open("file", Posix.O_WRONLY);
    assertFails(Errno.EBADF, () -> Posix.read(writer, 0, 1));
    assertFails(Errno.EBADF, () -> Posix.read(123_456, 0, 1));
  }

  @Scenario
  void openingWhatIsNotThereFails(Place place) {
    place.write("file", "x");
    place.mkdir("directory");
    assertFails(Errno.ENOENT, () -> place.open("missing", Posix.O_RDONLY));
    assertFails(Errno.ENOENT, () -> place.open("missing/file", Posix.O_RDWR | Posix.O_CREAT));
    assertFails(Errno.ENOTDIR, () -> place.open("file/file", Posix.O_RDWR | Posix.O_CREAT));
    assertFails(Errno.ENOTDIR, () -> place.open("file", Posix.O_RDONLY | Posix.O_DIRECTORY));
    assertFails(Errno.EISDIR, () -> place.open("directory", Posix.O_WRONLY));
    assertFails(Errno.EISDIR, () -> place.open("directory", Posix.O_RDONLY | Posix.O_CREAT));
    assertFails(Errno.EISDIR, () -> place.open("new/", Posix.O_RDWR | Posix.O_CREAT));
    assertFails(Errno.ENOTDIR, () -> place.open("file/", Posix.O_RDONLY));
  }

  @Scenario
  void exclusiveCreationRefusesWhatIsThere(Place place) {
    int exclusive = Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL;
    place.open("new", exclusive);
    assertFails(Errno.EEXIST, () -> place.open("new", exclusive));
    place.symlink("nowhere", "link");
    assertFails(Errno.EEXIST, () -> place.open("link", exclusive));
    place.mkdir("directory");
    assertFails(Errno.EEXIST, () -> place.open("directory", exclusive));
    assertFails(Errno.ENOENT, () -> place.stat("nowhere"));
  }

  @Scenario
  void creationThroughALinkMakesItsTarget(Place place) {
    place.symlink("target", "link");
    int fd = place.open("link", Posix.O_RDWR | Posix.O_CREAT);
    Posix.writeAll(fd, pattern(10), 0);
    assertArrayEquals(pattern(10), place.read("target"));
    assertFails(Errno.ELOOP, () -> place.open("link", Posix.O_RDONLY | Posix.O_NOFOLLOW));
  }

  @Scenario
  void truncationAtOpenEmptiesForEverybody(Place place) {
    int earlier = place.create("file");
    Posix.writeAll(earlier, pattern(100_000), 0);
    int later = place.open("file", Posix.O_WRONLY | Posix.O_TRUNC);
    assertEquals(0, Posix.stat(earlier).sizeBytes());
    assertEquals(0, Posix.read(earlier, 0, 10).length);
    Posix.writeAll(later, pattern(10), 5);
    byte[] expected = new byte[15];
    System.arraycopy(pattern(10), 0, expected, 5, 10);
    assertArrayEquals(expected, Posix.read(earlier, 0, 100));
  }

  @Scenario
  void twoDescriptorsSeeEachOthersWritesAtOnce(Place place) {
    int one = place.create("file");
    int two = place.open("file", Posix.O_RDWR);
    for (int i = 0; i < 50; i++) {
      int writer = i % 2 == 0 ? one : two;
      int reader = i % 2 == 0 ? two : one;
      long offset = i * 1000L;
      Posix.writeAll(writer, pattern(5000, i), offset);
      assertArrayEquals(pattern(5000, i), Posix.read(reader, offset, 5000));
      assertEquals(offset + 5000, Posix.stat(reader).sizeBytes());
    }
  }

  @Scenario
  void twoNamesShowTheSameContentsAtOnce(Place place) {
    int one = place.create("one");
    Posix.writeAll(one, pattern(50_000), 0);
    place.link("one", "two");
    int two = place.open("two", Posix.O_RDWR);
    assertArrayEquals(pattern(50_000), Posix.read(two, 0, 50_000));
    Posix.writeAll(one, pattern(50_000, 5), 0);
    assertArrayEquals(pattern(50_000, 5), Posix.read(two, 0, 50_000));
    check(LIBC.ftruncate(two, 10));
    assertArrayEquals(pattern(10, 5), Posix.read(one, 0, 50_000));
  }

  @Scenario
  void directInputAndOutputGoesPastTheCache(Place place) {
    int buffered = place.create("file");
    int direct = place.open("file", Posix.O_RDWR | Posix.O_DIRECT);
    try (Mapping.Memory memory = new Mapping.Memory(4 * PAGE_BYTES)) {
      memory.put(pattern(4 * PAGE_BYTES));
      assertEquals(4 * PAGE_BYTES, check(LIBC.pwrite(direct, memory.pointer(), 4 * PAGE_BYTES, 0)));
      assertArrayEquals(pattern(4 * PAGE_BYTES), Posix.read(buffered, 0, 100_000));
      Posix.writeAll(buffered, pattern(PAGE_BYTES, 7), PAGE_BYTES);
      assertEquals(PAGE_BYTES, check(LIBC.pread(direct, memory.pointer(), PAGE_BYTES, PAGE_BYTES)));
      assertArrayEquals(pattern(PAGE_BYTES, 7), memory.get(PAGE_BYTES));
      memory.put(pattern(PAGE_BYTES, 9));
      check(LIBC.pwrite(direct, memory.pointer(), PAGE_BYTES, 2 * PAGE_BYTES));
      assertArrayEquals(pattern(PAGE_BYTES, 9), Posix.read(buffered, 2 * PAGE_BYTES, PAGE_BYTES));
      assertEquals(0, check(LIBC.pread(direct, memory.pointer(), PAGE_BYTES, 100L * PAGE_BYTES)));
    }
  }

  @Scenario
  void synchronousWritesWork(Place place) {
    for (int flag : new int[] {Posix.O_SYNC, Posix.O_DSYNC}) {
      int fd = place.open("file-" + flag, Posix.O_RDWR | Posix.O_CREAT | flag);
      Posix.writeAll(fd, pattern(10_000), 0);
      Posix.writeAll(fd, pattern(10, 3), 9_995);
      assertArrayEquals(pattern(10, 3), Posix.read(fd, 9_995, 100));
    }
  }

  @Scenario
  void filesReachUpTo8EiB(Place place) {
    int fd = place.create("file");
    check(LIBC.ftruncate(fd, Long.MAX_VALUE));
    assertEquals(Long.MAX_VALUE, Posix.stat(fd).sizeBytes());
    check(LIBC.ftruncate(fd, 0));
    Posix.writeAll(fd, pattern(10), Long.MAX_VALUE - 10);
    assertEquals(Long.MAX_VALUE, Posix.stat(fd).sizeBytes());
    assertArrayEquals(pattern(10), Posix.read(fd, Long.MAX_VALUE - 10, 10));
    assertTrue(Posix.stat(fd).blocks() < 1000);
    // Linux refuses offsets that it cannot count before it looks at a file's limit.
    assertFails(Errno.EINVAL, () -> Posix.writeAll(fd, new byte[2], Long.MAX_VALUE - 1));
    assertArrayEquals(pattern(10), Posix.read(fd, Long.MAX_VALUE - 10, 10));
    check(LIBC.ftruncate(fd, Long.MAX_VALUE - 3));
    int appender = place.open("file", Posix.O_RDWR | Posix.O_APPEND);
    assertEquals(3, check(LIBC.write(appender, pattern(10, 5), 10)));
    assertArrayEquals(pattern(3, 5), Posix.read(fd, Long.MAX_VALUE - 3, 3));
    int other = place.open("file", Posix.O_WRONLY | Posix.O_APPEND);
    assertFails(Errno.EFBIG, () -> check(LIBC.write(other, new byte[1], 1)));
    assertEquals(Long.MAX_VALUE, Posix.stat(fd).sizeBytes());
  }

  /** Later, when the kernel brings its pages back, there is nobody left to be told of a failure. */
  @Scenario
  void writesJustBelowTheLargestOffsetAreRefusedAtOnceOrKept(Place place) {
    int[] distances = {
      1, 10, PAGE_BYTES - 1, PAGE_BYTES, PAGE_BYTES + 1, 70_000, 128 << 10, 200_000, 1 << 20
    };
    for (int distance : distances) {
      for (int length : new int[] {1, 10, 3 * PAGE_BYTES, 100_000, distance}) {
        if (length <= distance) {
          isRefusedAtOnceOrKept(place, Long.MAX_VALUE - distance, pattern(length, distance));
        }
      }
    }
  }

  private static void isRefusedAtOnceOrKept(Place place, long offset, byte[] bytes) {
    int writer = place.create("file");
    try {
      Posix.writeAll(writer, bytes, offset);
    } catch (Posix.Failure e) {
      assertEquals(Errno.EFBIG, e.errno());
      assertEquals(0, Posix.stat(writer).sizeBytes());
      return;
    }
    check(LIBC.fsync(writer));
    place.close(writer);
    int reader = place.open("file", Posix.O_RDONLY);
    // Whatever the kernel has kept in its pages would hide a loss.
    assertEquals(0, LIBC.posix_fadvise(reader, 0, 0, ADVICE_DO_NOT_NEED));
    assertEquals(offset + bytes.length, Posix.stat(reader).sizeBytes());
    assertArrayEquals(bytes, Posix.read(reader, offset, bytes.length));
    place.close(reader);
  }

  @Scenario
  void offsetsBeyondTheLargestFileAreRefused(Place place) {
    int fd = place.create("file");
    assertFails(Errno.EINVAL, () -> Posix.writeAll(fd, new byte[1], Long.MAX_VALUE));
    assertFails(Errno.EINVAL, () -> Posix.writeAll(fd, new byte[1], -1));
    assertFails(Errno.EINVAL, () -> check(LIBC.ftruncate(fd, -1)));
    assertEquals(0, Posix.stat(fd).sizeBytes());
  }

  @Scenario
  void pathDescriptorsOnlyNameFiles(Place place) {
    place.write("file", "text");
    int fd = place.open("file", Posix.O_PATH);
    assertEquals(place.stat("file").inode(), Posix.stat(fd).inode());
    assertFails(Errno.EBADF, () -> Posix.read(fd, 0, 1));
    assertFails(Errno.EBADF, () -> check(LIBC.fchmod(fd, 0600)));
    place.unlink("file");
    assertEquals(0, Posix.stat(fd).links());
    int reopened = place.closeAtEnd(Posix.open(Posix.path("/proc/self/fd/" + fd), Posix.O_RDONLY));
    assertArrayEquals("text".getBytes(StandardCharsets.UTF_8), Posix.read(reopened, 0, 10));
    place.symlink("nowhere", "link");
    int link = place.open("link", Posix.O_PATH | Posix.O_NOFOLLOW);
    assertEquals(FileMode.SYMBOLIC_LINK | 0777, Posix.stat(link).mode());
  }

  @Scenario
  void sendfileAndAdviceWork(Place place) {
    place.write("source", pattern(200_000));
    int source = place.open("source", Posix.O_RDONLY);
    assertEquals(0, LIBC.posix_fadvise(source, 0, 0, 3));
    int target = place.create("target");
    long[] offset = {1000};
    long sent = 0;
    while (offset[0] < 200_000) {
      sent += check(LIBC.sendfile(target, source, offset, 200_000 - offset[0]));
    }
    assertEquals(199_000, sent);
    assertArrayEquals(Arrays.copyOfRange(pattern(200_000), 1000, 200_000), place.read("target"));
  }

  @Scenario
  void directoriesCannotBeReadAsFiles(Place place) {
    place.mkdir("directory");
    int fd = place.open("directory", Posix.O_RDONLY);
    assertFails(Errno.EISDIR, () -> Posix.read(fd, 0, 10));
    assertFails(Errno.EINVAL, () -> check(LIBC.ftruncate(fd, 0)));
    assertFails(Errno.EISDIR, () -> place.truncate("directory", 0));
  }
}
