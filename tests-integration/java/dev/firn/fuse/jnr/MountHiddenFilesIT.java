package dev.firn.fuse.jnr;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.fuse.MemoryFileSystem;
import dev.firn.fuse.Posix;
import dev.firn.fuse.TestMount;
import java.io.IOException;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** libfuse hides open files that lose their names under names of its own. */
class MountHiddenFilesIT {
  @Test
  void aUsersOwnFileOfSuchANameIsLeftAlone() throws IOException {
    MemoryFileSystem fileSystem = new MemoryFileSystem();
    try (TestMount mount = new TestMount(new JnrFuseTransport(), fileSystem)) {
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
    assertEquals(0, fileSystem.held());
  }
}
