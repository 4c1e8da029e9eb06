package dev.firn.fuse;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.vfs.FileMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What mount options allow and refuse. */
@ParameterizedClass
@MethodSource("dev.firn.fuse.TestTransports#all")
class MountOptionsIT {
  private static final int X_OK = 1;

  @Parameter Transport transport;

  @TempDir Path scratch;

  @Test
  void byDefaultAVolumeBringsNoDevicesAlong() throws Exception {
    try (TestVolume volume = new TestVolume()) {
      try (TestMount mount = new TestMount(transport, volume.fileSystem())) {
        check(LIBC.mknod(mount.path("null"), FileMode.CHARACTER_DEVICE | 0666, 0x103));
        assertFails(Errno.EACCES, () -> Posix.open(mount.path("null"), Posix.O_RDONLY));
      }
      try (TestMount mount = new TestMount(transport, volume.fileSystem(), "dev")) {
        check(LIBC.close(Posix.open(mount.path("null"), Posix.O_RDONLY)));
      }
    }
  }

  @Test
  void byDefaultSetUserIdMeansNothing() throws Exception {
    try (TestVolume volume = new TestVolume()) {
      try (TestMount mount = new TestMount(transport, volume.fileSystem())) {
        Path program = mount.directory().resolve("id");
        Files.copy(Path.of("/usr/bin/id"), program);
        check(LIBC.lchown(mount.path("id"), 2000, 2000));
        check(LIBC.chmod(mount.path("id"), 04755));
        assertEquals("1000", run("setpriv", "--reuid=1000", program.toString(), "-u"));
      }
      try (TestMount mount = new TestMount(transport, volume.fileSystem(), "suid")) {
        String program = mount.directory().resolve("id").toString();
        assertEquals("2000", run("setpriv", "--reuid=1000", program, "-u"));
      }
    }
  }

  @Test
  void noexecRunsNothing() throws Exception {
    try (TestVolume volume = new TestVolume();
        TestMount mount = new TestMount(transport, volume.fileSystem(), "noexec")) {
      Files.copy(Path.of("/bin/true"), mount.directory().resolve("true"));
      check(LIBC.chmod(mount.path("true"), 0755));
      assertFails(Errno.EACCES, () -> check(LIBC.access(mount.path("true"), X_OK)));
      assertEquals("126", run("sh", "-c", mount.directory() + "/true 2>/dev/null; echo $?"));
    }
  }

  @Test
  void readOnlyMountsAreReadAndNeverChanged() throws Exception {
    try (TestVolume volume = new TestVolume()) {
      try (TestMount mount = new TestMount(transport, volume.fileSystem())) {
        Posix.write(mount.path("file"), new byte[] {1});
      }
      Path directory = Files.createDirectory(scratch.resolve("read-only"));
      try (TestMount mount = new TestMount(transport, volume.fileSystem(), directory, true)) {
        byte[] file = mount.path("file");
        assertEquals(1, Posix.read(file)[0]);
        assertFails(Errno.EROFS, () -> Posix.open(file, Posix.O_RDWR));
        assertFails(Errno.EROFS, () -> Posix.write(mount.path("new"), new byte[1]));
        assertFails(Errno.EROFS, () -> check(LIBC.unlink(file)));
        assertFails(Errno.EROFS, () -> check(LIBC.mkdir(mount.path("d"), 0755)));
        assertFails(Errno.EROFS, () -> check(LIBC.chmod(file, 0600)));
        assertFails(Errno.EROFS, () -> check(LIBC.truncate(file, 0)));
        assertFails(Errno.EROFS, () -> Posix.setXattr(file, "user.one", new byte[1]));
        assertFails(Errno.EROFS, () -> check(LIBC.rename(file, mount.path("other"))));
      }
    }
  }

  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    return said.strip();
  }
}
