package dev.firn.fuse.jnr;

import static dev.firn.fuse.jnr.Posix.LIBC;
import static dev.firn.fuse.jnr.Posix.check;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.vfs.FileMode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;
import jnr.constants.platform.Errno;
import jnr.ffi.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Every operation as programs use it: through system calls on a real mount. */
class MountOperationsIT {
  private static final byte[] NOT_UTF8 = {(byte) 0xff, (byte) 0x80, 'a', (byte) 0xc3};

  private TestVolume volume;
  private TestMount mount;

  @BeforeEach
  void setUp() throws IOException {
    volume = new TestVolume();
    mount = new TestMount(volume.fileSystem());
  }

  @AfterEach
  void tearDown() throws IOException {
    try {
      mount.close();
    } finally {
      volume.close();
    }
  }

  @Test
  void filesKeepTheirContents() {
    byte[] path = mount.path("file");
    byte[] contents = pattern(300_001);
    Posix.write(path, contents);
    assertArrayEquals(contents, Posix.read(path));
    assertEquals(contents.length, Posix.stat(path).sizeBytes());
    Posix.write(path, new byte[] {1, 2, 3});
    assertArrayEquals(new byte[] {1, 2, 3}, Posix.read(path));
  }

  @Test
  void namesAreBytes() {
    byte[] directory = mount.path(NOT_UTF8);
    check(LIBC.mkdir(directory, 0755));
    byte[] file = mount.path(NOT_UTF8, "/", NOT_UTF8);
    Posix.write(file, NOT_UTF8);
    assertEquals(Set.of(latin1(NOT_UTF8)), Posix.list(directory));
    assertArrayEquals(NOT_UTF8, Posix.read(file));
    byte[] link = mount.path(NOT_UTF8, "/link");
    check(LIBC.symlink(Posix.path(NOT_UTF8), link));
    assertArrayEquals(NOT_UTF8, Posix.readLink(link));
    assertArrayEquals(NOT_UTF8, Posix.read(link));
    byte[] renamed = mount.path(NOT_UTF8, "/", NOT_UTF8, NOT_UTF8);
    check(LIBC.rename(file, renamed));
    assertArrayEquals(NOT_UTF8, Posix.read(renamed));
    assertFails(Errno.ENOENT, () -> Posix.stat(file));
  }

  @Test
  void namesHaveAtMost255Bytes() {
    Posix.write(mount.path("n".repeat(255)), new byte[1]);
    assertEquals(Set.of("n".repeat(255)), Posix.list(mount.path()));
    assertFails(Errno.ENAMETOOLONG, () -> Posix.write(mount.path("n".repeat(256)), new byte[1]));
  }

  @Test
  void directoriesAreMadeAndRemoved() {
    check(LIBC.mkdir(mount.path("a"), 0750));
    check(LIBC.mkdir(mount.path("a/b"), 0700));
    assertEquals(FileMode.DIRECTORY | 0750, Posix.stat(mount.path("a")).mode());
    assertEquals(3, Posix.stat(mount.path("a")).links());
    assertFails(Errno.ENOTEMPTY, () -> check(LIBC.rmdir(mount.path("a"))));
    assertFails(Errno.EEXIST, () -> check(LIBC.mkdir(mount.path("a"), 0755)));
    check(LIBC.rmdir(mount.path("a/b")));
    check(LIBC.rmdir(mount.path("a")));
    assertFails(Errno.ENOENT, () -> Posix.stat(mount.path("a")));
    assertFails(Errno.ENOENT, () -> check(LIBC.rmdir(mount.path("a"))));
  }

  @Test
  void specialFilesKeepTheirDevice() {
    check(LIBC.mknod(mount.path("fifo"), FileMode.FIFO | 0600, 0));
    check(LIBC.mknod(mount.path("null"), FileMode.CHARACTER_DEVICE | 0666, 0x103));
    check(LIBC.mknod(mount.path("plain"), 0640, 0));
    assertEquals(FileMode.FIFO | 0600, Posix.stat(mount.path("fifo")).mode());
    assertEquals(1, Posix.stat(mount.path("null")).deviceMajor());
    assertEquals(3, Posix.stat(mount.path("null")).deviceMinor());
    assertEquals(FileMode.REGULAR | 0640, Posix.stat(mount.path("plain")).mode());
    // nodev is the default, so that an image cannot bring devices along.
    assertFails(Errno.EACCES, () -> Posix.open(mount.path("null"), Posix.O_RDONLY));
  }

  @Test
  void renameReplaces() {
    Posix.write(mount.path("a"), new byte[] {1});
    Posix.write(mount.path("b"), new byte[] {2});
    check(LIBC.rename(mount.path("a"), mount.path("b")));
    assertArrayEquals(new byte[] {1}, Posix.read(mount.path("b")));
    assertEquals(Set.of("b"), Posix.list(mount.path()));
    check(LIBC.mkdir(mount.path("d"), 0755));
    assertFails(Errno.EISDIR, () -> check(LIBC.rename(mount.path("b"), mount.path("d"))));
    assertFails(Errno.ENOTDIR, () -> check(LIBC.rename(mount.path("d"), mount.path("b"))));
    assertFails(Errno.EINVAL, () -> check(LIBC.rename(mount.path("d"), mount.path("d/e"))));
  }

  @Test
  void linksCountRightAtOnceThroughEveryName() {
    Posix.write(mount.path("a"), new byte[] {1});
    assertEquals(1, Posix.stat(mount.path("a")).links());
    check(LIBC.link(mount.path("a"), mount.path("b")));
    check(LIBC.link(mount.path("b"), mount.path("c")));
    for (String name : new String[] {"a", "b", "c"}) {
      assertEquals(3, Posix.stat(mount.path(name)).links());
    }
    assertEquals(Posix.stat(mount.path("a")).inode(), Posix.stat(mount.path("c")).inode());
    check(LIBC.chmod(mount.path("a"), 0600));
    assertEquals(FileMode.REGULAR | 0600, Posix.stat(mount.path("c")).mode());
    Posix.write(mount.path("b"), pattern(10));
    assertEquals(10, Posix.stat(mount.path("a")).sizeBytes());
    assertArrayEquals(pattern(10), Posix.read(mount.path("c")));
    check(LIBC.unlink(mount.path("b")));
    assertEquals(2, Posix.stat(mount.path("a")).links());
    assertEquals(2, Posix.stat(mount.path("c")).links());
  }

  @Test
  void attributesAreKept() {
    byte[] path = mount.path("file");
    Posix.write(path, new byte[1]);
    check(LIBC.chmod(path, 04751));
    assertEquals(FileMode.REGULAR | 04751, Posix.stat(path).mode());
    check(LIBC.lchown(path, 1234, 5678));
    assertEquals(1234, Posix.stat(path).uid());
    assertEquals(5678, Posix.stat(path).gid());
    check(LIBC.lchown(path, -1, 99));
    assertEquals(1234, Posix.stat(path).uid());
    assertEquals(99, Posix.stat(path).gid());
    Posix.setTimes(path, 1_000_000_000L, 123_456_789, 2_000_000_000L, 987_654_321);
    Posix.Status status = Posix.stat(path);
    assertEquals(1_000_000_000L, status.accessSeconds());
    assertEquals(123_456_789, status.accessNanos());
    assertEquals(2_000_000_000L, status.modifySeconds());
    assertEquals(987_654_321, status.modifyNanos());
    Posix.setTimes(path, 0, Posix.UTIME_OMIT, 5, 6);
    assertEquals(1_000_000_000L, Posix.stat(path).accessSeconds());
    assertEquals(5, Posix.stat(path).modifySeconds());
    Posix.setTimes(path, 0, Posix.UTIME_NOW, 0, Posix.UTIME_OMIT);
    assertNotEquals(1_000_000_000L, Posix.stat(path).accessSeconds());
    assertEquals(5, Posix.stat(path).modifySeconds());
  }

  @Test
  void timesOfLinksThemselvesAreKept() {
    byte[] link = mount.path("link");
    check(LIBC.symlink(Posix.path("nowhere"), link));
    Posix.setTimes(link, -5, 1, -7, 999_999_999);
    assertEquals(-7, Posix.stat(link).modifySeconds());
    assertEquals(999_999_999, Posix.stat(link).modifyNanos());
    check(LIBC.lchown(link, 3, 4));
    assertEquals(3, Posix.stat(link).uid());
    assertEquals("nowhere".length(), Posix.stat(link).sizeBytes());
  }

  @Test
  void truncateShrinksAndGrows() {
    byte[] path = mount.path("file");
    Posix.write(path, pattern(100_000));
    check(LIBC.truncate(path, 70_000));
    check(LIBC.truncate(path, 80_000));
    byte[] contents = Posix.read(path);
    assertEquals(80_000, contents.length);
    assertEquals(pattern(100_000)[69_999], contents[69_999]);
    assertEquals(0, contents[70_000]);
    assertEquals(0, contents[79_999]);
    int fd = Posix.open(path, Posix.O_RDWR);
    try {
      check(LIBC.ftruncate(fd, 10));
      assertEquals(10, Posix.stat(fd).sizeBytes());
    } finally {
      LIBC.close(fd);
    }
  }

  @Test
  void filesBeyond4GiBAreSparse() {
    long offset = (5L << 30) + 12345;
    byte[] path = mount.path("big");
    int fd = Posix.open(path, Posix.O_RDWR | Posix.O_CREAT);
    try {
      Posix.writeAll(fd, pattern(5000), offset);
      assertEquals(offset + 5000, Posix.stat(fd).sizeBytes());
      assertTrue(Posix.stat(fd).blocks() < 1000);
      check(LIBC.fsync(fd));
      assertArrayEquals(pattern(5000), Posix.read(fd, offset, 5000));
      assertArrayEquals(new byte[4096], Posix.read(fd, 1L << 32, 4096));
      assertEquals(100, Posix.read(fd, offset + 4900, 5000).length);
    } finally {
      LIBC.close(fd);
    }
  }

  @Test
  void fallocateGrowsAFile() {
    int fd = Posix.open(mount.path("file"), Posix.O_RDWR | Posix.O_CREAT);
    try {
      check(LIBC.fallocate(fd, 0, 1000, 9000));
      assertEquals(10_000, Posix.stat(fd).sizeBytes());
      int collapseRange = 8;
      assertFails(Errno.EOPNOTSUPP, () -> check(LIBC.fallocate(fd, collapseRange, 0, 4096)));
    } finally {
      LIBC.close(fd);
    }
  }

  @Test
  void appendingWritesGoToTheEnd() {
    byte[] path = mount.path("file");
    Posix.write(path, new byte[] {1, 2});
    int fd = Posix.open(path, Posix.O_WRONLY | Posix.O_APPEND);
    try {
      Posix.writeAll(fd, new byte[] {3}, 0);
    } finally {
      LIBC.close(fd);
    }
    assertArrayEquals(new byte[] {1, 2, 3}, Posix.read(path));
  }

  @Test
  void extendedAttributesFollowTheRules() {
    byte[] path = mount.path("file");
    Posix.write(path, new byte[1]);
    assertEquals(Set.of(), Posix.listXattrs(path));
    assertFails(Errno.ENODATA, () -> Posix.getXattr(path, "user.none"));
    Posix.setXattr(path, "user.one", pattern(1000));
    Posix.setXattr(path, "trusted.two", new byte[0]);
    Posix.setXattr(path, "security.three", new byte[] {0, 1, 0});
    assertEquals(Set.of("user.one", "trusted.two", "security.three"), Posix.listXattrs(path));
    assertArrayEquals(pattern(1000), Posix.getXattr(path, "user.one"));
    assertArrayEquals(new byte[0], Posix.getXattr(path, "trusted.two"));
    assertArrayEquals(new byte[] {0, 1, 0}, Posix.getXattr(path, "security.three"));
    byte[] name = Posix.path("user.one");
    assertEquals(1000, check(LIBC.lgetxattr(path, name, null, 0)));
    assertFails(Errno.ERANGE, () -> check(LIBC.lgetxattr(path, name, new byte[999], 999)));
    assertFails(Errno.ERANGE, () -> check(LIBC.llistxattr(path, new byte[5], 5)));
    int create = 1;
    int replace = 2;
    assertFails(Errno.EEXIST, () -> check(LIBC.lsetxattr(path, name, new byte[1], 1, create)));
    assertFails(
        Errno.ENODATA,
        () -> check(LIBC.lsetxattr(path, Posix.path("user.none"), new byte[1], 1, replace)));
    check(LIBC.lremovexattr(path, name));
    assertFails(Errno.ENODATA, () -> Posix.getXattr(path, "user.one"));
    assertFails(Errno.ENODATA, () -> check(LIBC.lremovexattr(path, name)));
  }

  @Test
  void rewindShowsChanges() {
    Posix.write(mount.path("a"), new byte[1]);
    Pointer listing = LIBC.opendir(mount.path());
    try {
      assertEquals(Set.of("a"), Posix.list(listing));
      Posix.write(mount.path("b"), new byte[1]);
      check(LIBC.unlink(mount.path("a")));
      LIBC.rewinddir(listing);
      assertEquals(Set.of("b"), Posix.list(listing));
    } finally {
      LIBC.closedir(listing);
    }
  }

  @Test
  void aDirectoryOf100000EntriesListsEachOnce() {
    check(LIBC.mkdir(mount.path("many"), 0755));
    Set<String> names = new TreeSet<>();
    for (int i = 0; i < 100_000; i++) {
      String name = "entry-" + i;
      check(LIBC.mknod(mount.path("many/", name), FileMode.REGULAR | 0644, 0));
      names.add(name);
    }
    assertEquals(names, Posix.list(mount.path("many")));
  }

  @Test
  void directoriesCanBeSynced() {
    int fd = Posix.open(mount.path(), Posix.O_RDONLY | Posix.O_DIRECTORY);
    try {
      check(LIBC.fsync(fd));
    } finally {
      LIBC.close(fd);
    }
  }

  @Test
  void newFilesBelongToWhoMadeThemAndInheritSetGid() {
    check(LIBC.mkdir(mount.path("shared"), 0755));
    check(LIBC.lchown(mount.path("shared"), 0, 4321));
    check(LIBC.chmod(mount.path("shared"), 02775));
    check(LIBC.mkdir(mount.path("shared/d"), 0755));
    Posix.write(mount.path("shared/f"), new byte[1]);
    assertEquals(4321, Posix.stat(mount.path("shared/f")).gid());
    assertEquals(4321, Posix.stat(mount.path("shared/d")).gid());
    assertEquals(FileMode.DIRECTORY | 02755, Posix.stat(mount.path("shared/d")).mode());
    Posix.write(mount.path("own"), new byte[1]);
    assertEquals(0, Posix.stat(mount.path("own")).uid());
  }

  static void assertFails(Errno expected, Executable call) {
    // By number: two names have the same.
    assertEquals(expected.intValue(), assertThrows(Posix.Failure.class, call).errno().intValue());
  }

  static byte[] pattern(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 + (i >> 8) * 7 + 1);
    }
    return bytes;
  }

  private static String latin1(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
