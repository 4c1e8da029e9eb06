package dev.firn.fuse;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileSystem;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What write(2) took into the kernel's cache and a volume has no space for: fsync(2) and close(2)
 * say so, although FLUSH, which close(2) could ask, is not handled.
 */
@ParameterizedClass
@MethodSource("dev.firn.fuse.TestTransports#kernel")
class FailedWriteBackIT {
  private static final byte[] CONTENTS = pattern(100_000);

  @Parameter Transport transport;

  private volatile boolean full;

  private FileSystem fileSystem() {
    return HookedFileSystem.with(
        method -> {
          if (full && method.equals("write")) {
            throw new ErrnoException(dev.firn.vfs.Errno.ENOSPC);
          }
        });
  }

  private static int written(TestMount mount, String name) {
    int fd = Posix.open(mount.path(name), Posix.O_RDWR | Posix.O_CREAT);
    Posix.writeAll(fd, CONTENTS, 0);
    return fd;
  }

  @Test
  void closeTellsOfIt() throws Exception {
    try (TestMount mount = new TestMount(transport, fileSystem())) {
      check(LIBC.close(written(mount, "sound")));
      full = true;
      int fd = written(mount, "file");
      assertFails(Errno.ENOSPC, () -> check(LIBC.close(fd)));
      full = false;
      check(LIBC.close(written(mount, "file")));
      assertArrayEquals(CONTENTS, Posix.read(mount.path("file")));
    }
  }

  @Test
  void fsyncTellsOfItOnce() throws Exception {
    try (TestMount mount = new TestMount(transport, fileSystem())) {
      full = true;
      int fd = written(mount, "file");
      assertFails(Errno.ENOSPC, () -> check(LIBC.fsync(fd)));
      check(LIBC.close(fd));
      full = false;
      int again = written(mount, "file");
      check(LIBC.fsync(again));
      check(LIBC.close(again));
      assertArrayEquals(CONTENTS, Posix.read(mount.path("file")));
    }
  }
}
