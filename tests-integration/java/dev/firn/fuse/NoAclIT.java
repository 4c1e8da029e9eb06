package dev.firn.fuse;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.fuse.kernel.KernelTransport;
import dev.firn.vfs.FileMode;
import java.util.Set;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.Test;

/** A mount without access control lists: an option of the kernel transport alone. */
class NoAclIT {
  private static final String ACCESS = "system.posix_acl_access";
  private static final String DEFAULT = "system.posix_acl_default";

  /** Version 2; owner rw, user 1000 rw, group r, mask rw, others nothing. */
  private static final byte[] LIST = {
    2,
    0,
    0,
    0, //
    1,
    0,
    6,
    0,
    -1,
    -1,
    -1,
    -1, //
    2,
    0,
    6,
    0,
    (byte) 0xe8,
    3,
    0,
    0, //
    4,
    0,
    4,
    0,
    -1,
    -1,
    -1,
    -1, //
    16,
    0,
    6,
    0,
    -1,
    -1,
    -1,
    -1, //
    32,
    0,
    0,
    0,
    -1,
    -1,
    -1,
    -1,
  };

  private final Transport transport = new KernelTransport();

  @Test
  void listsAreNeitherShownNorTakenButKept() throws Exception {
    try (TestVolume volume = new TestVolume()) {
      try (TestMount mount = new TestMount(transport, volume.fileSystem())) {
        Posix.write(mount.path("file"), new byte[] {1});
        Posix.setXattr(mount.path("file"), ACCESS, LIST);
        Posix.setXattr(mount.path("file"), "user.one", new byte[] {1});
      }
      try (TestMount mount = new TestMount(transport, volume.fileSystem(), "noacl")) {
        byte[] file = mount.path("file");
        assertEquals(Set.of("user.one"), Posix.listXattrs(file));
        assertFails(Errno.EOPNOTSUPP, () -> Posix.getXattr(file, ACCESS));
        assertFails(Errno.EOPNOTSUPP, () -> Posix.setXattr(file, ACCESS, LIST));
        assertFails(Errno.EOPNOTSUPP, () -> check(LIBC.lremovexattr(file, Posix.path(ACCESS))));
        assertArrayEquals(new byte[] {1}, Posix.getXattr(file, "user.one"));
      }
      try (TestMount mount = new TestMount(transport, volume.fileSystem())) {
        assertArrayEquals(LIST, Posix.getXattr(mount.path("file"), ACCESS));
      }
    }
  }

  @Test
  void theUmaskCountsWhereThereIsADefaultList() throws Exception {
    try (TestVolume volume = new TestVolume()) {
      try (TestMount mount = new TestMount(transport, volume.fileSystem())) {
        check(LIBC.mkdir(mount.path("d"), 0755));
        Posix.setXattr(mount.path("d"), DEFAULT, LIST);
      }
      try (TestMount mount = new TestMount(transport, volume.fileSystem(), "noacl")) {
        String script = "umask 077 && cd \"$1\" && : >file && mkfifo fifo";
        Process shell =
            new ProcessBuilder("sh", "-c", script, "sh", mount.directory() + "/d")
                .inheritIO()
                .start();
        assertEquals(0, shell.waitFor());
        assertEquals(FileMode.REGULAR | 0600, Posix.stat(mount.path("d/file")).mode());
        assertEquals(FileMode.FIFO | 0600, Posix.stat(mount.path("d/fifo")).mode());
      }
    }
  }
}
