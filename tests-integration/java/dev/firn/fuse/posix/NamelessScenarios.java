package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.fuse.Posix;
import dev.firn.vfs.FileMode;
import java.time.Instant;
import java.util.Set;
import jnr.constants.platform.Errno;

/** Open files that have lost their names, or never had one. */
final class NamelessScenarios {
  @Scenario
  void anUnlinkedFileStaysUsable(Place place) {
    place.mkdir("d");
    int fd = place.create("d/file");
    Posix.writeAll(fd, pattern(5000), 0);
    place.unlink("d/file");
    assertEquals(Set.of(), place.list("d"));
    assertFails(Errno.ENOENT, () -> place.stat("d/file"));
    assertUsable(fd);
    place.rename("d", "e");
    assertUsable(fd);
    place.write("e/file", new byte[] {1});
    assertUsable(fd);
    assertEquals(Set.of("file"), place.list("e"));
    place.unlink("e/file");
    place.rmdir("e");
    assertUsable(fd);
  }

  private static void assertUsable(int fd) {
    assertArrayEquals(pattern(5000), Posix.read(fd, 0, 5000));
    assertEquals(0, Posix.stat(fd).links());
    assertEquals(5000, Posix.stat(fd).sizeBytes());
    check(LIBC.fchmod(fd, 0600));
    assertEquals(FileMode.REGULAR | 0600, Posix.stat(fd).mode());
    check(LIBC.ftruncate(fd, 100_000));
    assertEquals(100_000, Posix.stat(fd).sizeBytes());
    check(LIBC.ftruncate(fd, 5000));
    check(LIBC.fchown(fd, 7, -1));
    assertEquals(7, Posix.stat(fd).uid());
    check(LIBC.futimens(fd, new long[] {1, 2, 3, 4}));
    assertEquals(Instant.ofEpochSecond(3, 4), Posix.stat(fd).modifyTime());
    Posix.writeAll(fd, pattern(5000), 0);
    check(LIBC.fsync(fd));
  }

  @Scenario
  void aReplacedFileStaysUsable(Place place) {
    place.write("old", pattern(5000));
    int fd = place.open("old", Posix.O_RDWR);
    place.write("new", new byte[] {1});
    place.rename("new", "old");
    assertArrayEquals(new byte[] {1}, place.read("old"));
    assertEquals(Set.of("old"), place.list(""));
    assertUsable(fd);
    place.close(fd);
    assertArrayEquals(new byte[] {1}, place.read("old"));
  }

  @Scenario
  void otherLinksStayAndAreCounted(Place place) {
    place.write("a", pattern(10));
    place.link("a", "b");
    int fd = place.open("a", Posix.O_RDWR);
    place.unlink("a");
    assertEquals(1, Posix.stat(fd).links());
    assertEquals(1, place.stat("b").links());
    check(LIBC.fchmod(fd, 0640));
    assertEquals(FileMode.REGULAR | 0640, place.stat("b").mode());
    int other = place.open("b", Posix.O_RDONLY);
    place.unlink("b");
    assertEquals(0, Posix.stat(fd).links());
    place.close(fd);
    assertEquals(0, Posix.stat(other).links());
    assertArrayEquals(pattern(10), Posix.read(other, 0, 10));
  }

  @Scenario
  void aNameUsedAgainIsAnotherFile(Place place) {
    int first = place.create("file");
    Posix.writeAll(first, pattern(100), 0);
    place.unlink("file");
    int second = place.create("file");
    Posix.writeAll(second, pattern(100, 2), 0);
    assertNotEquals(Posix.stat(first).inode(), Posix.stat(second).inode());
    assertArrayEquals(pattern(100), Posix.read(first, 0, 200));
    place.unlink("file");
    int third = place.create("file");
    assertEquals(0, Posix.read(third, 0, 10).length);
    assertArrayEquals(pattern(100, 2), Posix.read(second, 0, 200));
  }

  @Scenario
  void aFileWithoutANameCannotGetOneBack(Place place) {
    int fd = place.create("file");
    place.unlink("file");
    assertFails(Errno.ENOENT, () -> linkDescriptor(fd, place.path("back")));
    assertEquals(Set.of(), place.list(""));
  }

  @Scenario
  void descriptorsOpenAgainThroughProc(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(100), 0);
    place.unlink("file");
    int again = place.closeAtEnd(Posix.open(Posix.path("/proc/self/fd/" + fd), Posix.O_RDWR));
    place.close(fd);
    assertArrayEquals(pattern(100), Posix.read(again, 0, 1000));
    Posix.writeAll(again, pattern(100, 4), 100);
    assertEquals(200, Posix.stat(again).sizeBytes());
  }

  @Scenario
  void extendedAttributesOfNamelessFilesWork(Place place) {
    int fd = place.create("file");
    byte[] name = Posix.path("user.one");
    place.unlink("file");
    check(LIBC.fsetxattr(fd, name, pattern(100), 100, 0));
    byte[] value = new byte[100];
    assertEquals(100, check(LIBC.fgetxattr(fd, name, value, 100)));
    assertArrayEquals(pattern(100), value);
  }

  @Scenario
  void temporaryFilesHaveNoName(Place place) {
    int fd = place.open("", Posix.O_TMPFILE | Posix.O_RDWR, 0600);
    assertEquals(Set.of(), place.list(""));
    assertEquals(0, Posix.stat(fd).links());
    assertEquals(FileMode.REGULAR | 0600, Posix.stat(fd).mode());
    assertUsable(fillWithPattern(fd));
  }

  private static int fillWithPattern(int fd) {
    Posix.writeAll(fd, pattern(5000), 0);
    return fd;
  }

  @Scenario
  void temporaryFilesCanBeGivenAName(Place place) {
    place.mkdir("directory");
    int fd = fillWithPattern(place.open("directory", Posix.O_TMPFILE | Posix.O_RDWR, 0640));
    linkDescriptor(fd, place.path("named"));
    assertEquals(1, Posix.stat(fd).links());
    assertEquals(Posix.stat(fd).inode(), place.stat("named").inode());
    assertArrayEquals(pattern(5000), place.read("named"));
    check(
        LIBC.linkat(
            Posix.AT_FDCWD,
            Posix.path("/proc/self/fd/" + fd),
            Posix.AT_FDCWD,
            place.path("directory/second"),
            Posix.AT_SYMLINK_FOLLOW));
    assertEquals(2, Posix.stat(fd).links());
    assertFails(Errno.EEXIST, () -> linkDescriptor(fd, place.path("named")));
    place.close(fd);
    assertArrayEquals(pattern(5000), place.read("directory/second"));
  }

  @Scenario
  void exclusiveTemporaryFilesNeverGetAName(Place place) {
    int fd = place.open("", Posix.O_TMPFILE | Posix.O_RDWR | Posix.O_EXCL, 0600);
    Posix.writeAll(fd, pattern(10), 0);
    assertFails(Errno.ENOENT, () -> linkDescriptor(fd, place.path("named")));
    assertEquals(Set.of(), place.list(""));
  }

  @Scenario
  void manyTemporaryFilesComeAndGo(Place place) {
    long free = Posix.space(place.path("")).freeBytes();
    for (int i = 0; i < 20; i++) {
      int fd = place.open("", Posix.O_TMPFILE | Posix.O_RDWR, 0600);
      Posix.writeAll(fd, pattern(1 << 20, i), 0);
      check(LIBC.fsync(fd));
      place.close(fd);
    }
    place.run("sync", "--file-system", ".");
    long lost = free - Posix.space(place.path("")).freeBytes();
    assertTrue(lost < 10 << 20, lost + " bytes were lost");
  }

  private static void linkDescriptor(int fd, byte[] path) {
    check(LIBC.linkat(fd, Posix.path(), Posix.AT_FDCWD, path, Posix.AT_EMPTY_PATH));
  }
}
