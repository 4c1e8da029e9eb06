package dev.firn.fuse.jnr;

import static dev.firn.fuse.jnr.MountOperationsIT.assertFails;
import static dev.firn.fuse.jnr.MountOperationsIT.pattern;
import static dev.firn.fuse.jnr.Posix.LIBC;
import static dev.firn.fuse.jnr.Posix.check;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.vfs.FileMode;
import java.io.IOException;
import java.util.Set;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Open files that lose their names. libfuse's way of hiding them must not show. */
class MountHiddenFilesIT {
  private final MemoryFileSystem fileSystem = new MemoryFileSystem();
  private TestMount mount;

  @BeforeEach
  void setUp() throws IOException {
    mount = new TestMount(fileSystem);
  }

  @AfterEach
  void tearDown() throws IOException {
    mount.close();
    assertEquals(0, fileSystem.held());
  }

  @Test
  void anUnlinkedFileStaysUsable() {
    check(LIBC.mkdir(mount.path("d"), 0755));
    byte[] path = mount.path("d/file");
    int fd = Posix.open(path, Posix.O_RDWR | Posix.O_CREAT);
    Posix.writeAll(fd, pattern(5000), 0);
    check(LIBC.unlink(path));
    assertEquals(Set.of(), Posix.list(mount.path("d")));
    assertFails(Errno.ENOENT, () -> Posix.stat(path));
    assertUsable(fd);
    check(LIBC.rename(mount.path("d"), mount.path("e")));
    assertUsable(fd);
    Posix.write(mount.path("e/file"), new byte[] {1});
    assertUsable(fd);
    assertEquals(Set.of("file"), Posix.list(mount.path("e")));
    check(LIBC.unlink(mount.path("e/file")));
    check(LIBC.rmdir(mount.path("e")));
    assertUsable(fd);
    check(LIBC.close(fd));
  }

  private void assertUsable(int fd) {
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
    assertEquals(3, Posix.stat(fd).modifySeconds());
    Posix.writeAll(fd, pattern(5000), 0);
    check(LIBC.fsync(fd));
  }

  @Test
  void aReplacedFileStaysUsable() {
    Posix.write(mount.path("old"), pattern(5000));
    int fd = Posix.open(mount.path("old"), Posix.O_RDWR);
    Posix.write(mount.path("new"), new byte[] {1});
    check(LIBC.rename(mount.path("new"), mount.path("old")));
    assertArrayEquals(new byte[] {1}, Posix.read(mount.path("old")));
    assertEquals(Set.of("old"), Posix.list(mount.path()));
    assertUsable(fd);
    check(LIBC.close(fd));
    assertArrayEquals(new byte[] {1}, Posix.read(mount.path("old")));
  }

  @Test
  void otherLinksStayAndAreCounted() {
    Posix.write(mount.path("a"), pattern(10));
    check(LIBC.link(mount.path("a"), mount.path("b")));
    int fd = Posix.open(mount.path("a"), Posix.O_RDWR);
    check(LIBC.unlink(mount.path("a")));
    assertEquals(1, Posix.stat(fd).links());
    assertEquals(1, Posix.stat(mount.path("b")).links());
    check(LIBC.fchmod(fd, 0640));
    assertEquals(FileMode.REGULAR | 0640, Posix.stat(mount.path("b")).mode());
    int other = Posix.open(mount.path("b"), Posix.O_RDONLY);
    check(LIBC.unlink(mount.path("b")));
    assertEquals(0, Posix.stat(fd).links());
    check(LIBC.close(fd));
    assertEquals(0, Posix.stat(other).links());
    assertArrayEquals(pattern(10), Posix.read(other, 0, 10));
    check(LIBC.close(other));
  }

  @Test
  void aUsersOwnFileOfSuchANameIsLeftAlone() {
    String name = ".fuse_hidden0000000200000001";
    Posix.write(mount.path("file"), pattern(10));
    check(LIBC.rename(mount.path("file"), mount.path(name)));
    assertEquals(Set.of(name), Posix.list(mount.path()));
    assertArrayEquals(pattern(10), Posix.read(mount.path(name)));
    int fd = Posix.open(mount.path(name), Posix.O_RDONLY);
    Posix.write(mount.path("file"), new byte[] {1});
    check(LIBC.rename(mount.path("file"), mount.path(name)));
    assertArrayEquals(new byte[] {1}, Posix.read(mount.path(name)));
    assertArrayEquals(pattern(10), Posix.read(fd, 0, 10));
    check(LIBC.close(fd));
    check(LIBC.unlink(mount.path(name)));
    assertEquals(Set.of(), Posix.list(mount.path()));
  }
}
