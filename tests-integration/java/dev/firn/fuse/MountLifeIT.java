package dev.firn.fuse;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How mounts begin and end, and what they survive. */
@ParameterizedClass
@MethodSource("dev.firn.fuse.TestTransports#all")
class MountLifeIT {
  private static final int WAIT_SECONDS = 30;

  @Parameter Transport transport;

  @TempDir Path scratch;

  @ParameterizedTest
  @ValueSource(strings = {"umount", "fusermount3 -u", "umount -l"})
  void anUnmountFromOutsideEndsTheMount(String command) throws Exception {
    MemoryFileSystem fileSystem = new MemoryFileSystem();
    try (TestMount mount = new TestMount(transport, fileSystem)) {
      Posix.write(mount.path("file"), new byte[] {1});
      run(command + " " + mount.directory());
      mount.mount().ended().get(WAIT_SECONDS, TimeUnit.SECONDS);
      assertEquals(1, fileSystem.syncs());
      assertEquals(List.of(), Files.list(mount.directory()).toList());
      mount.mount().unmount();
    }
    assertEquals(0, fileSystem.held());
  }

  @Test
  void unmountMakesDurableAndLetsGoOfEverything() throws Exception {
    MemoryFileSystem fileSystem = new MemoryFileSystem();
    TestMount mount = new TestMount(transport, fileSystem);
    Posix.write(mount.path("file"), new byte[] {1});
    mount.close();
    assertTrue(mount.mount().ended().isDone());
    assertEquals(1, fileSystem.syncs());
    assertEquals(0, fileSystem.held());
    try (TestMount again = new TestMount(transport, fileSystem)) {
      assertArrayEquals(new byte[] {1}, Posix.read(again.path("file")));
    }
  }

  @Test
  void aBusyMountStaysAndSaysWhoUsesIt() throws Exception {
    try (TestMount mount = new TestMount(transport, new MemoryFileSystem())) {
      Posix.write(mount.path("file"), new byte[] {1});
      int fd = Posix.open(mount.path("file"), Posix.O_RDONLY);
      FirnException refusal = assertThrows(FirnException.class, () -> mount.mount().unmount());
      assertEquals(ErrorKind.CONFLICT, refusal.kind());
      assertTrue(
          refusal.getMessage().contains("(pid " + ProcessHandle.current().pid() + ")"),
          refusal.getMessage());
      assertArrayEquals(new byte[] {1}, Posix.read(fd, 0, 10));
      check(LIBC.close(fd));
    }
  }

  @Test
  void aMountBelowKeepsAMountBusy() throws Exception {
    try (TestMount outer = new TestMount(transport, new MemoryFileSystem())) {
      Path below = Files.createDirectory(outer.directory().resolve("below"));
      TestMount inner = new TestMount(transport, new MemoryFileSystem(), below, false);
      FirnException refusal = assertThrows(FirnException.class, () -> outer.mount().unmount());
      assertEquals(ErrorKind.CONFLICT, refusal.kind());
      assertTrue(refusal.getMessage().contains("the mount at '" + below), refusal.getMessage());
      inner.close();
    }
  }

  @Test
  void aFaultAnswersEioAndTheMountLivesOn() throws Exception {
    MemoryFileSystem sound = new MemoryFileSystem();
    FileSystem faulty =
        (FileSystem)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {FileSystem.class},
                (proxy, method, arguments) -> {
                  switch (method.getName()) {
                    case "readLink":
                      throw new StackOverflowError("on purpose");
                    case "getXattr":
                      throw new IOException("on purpose");
                    case "makeDirectory":
                      throw new IllegalStateException("on purpose");
                    default:
                      try {
                        return method.invoke(sound, arguments);
                      } catch (InvocationTargetException e) {
                        throw e.getCause();
                      }
                  }
                });
    try (TestMount mount = new TestMount(transport, faulty)) {
      check(LIBC.symlink(Posix.path("target"), mount.path("link")));
      // More often than there are threads.
      for (int i = 0; i < 50; i++) {
        assertFails(Errno.EIO, () -> Posix.readLink(mount.path("link")));
        assertFails(Errno.EIO, () -> Posix.getXattr(mount.path("link"), "trusted.x"));
        assertFails(Errno.EIO, () -> check(LIBC.mkdir(mount.path("directory"), 0755)));
      }
      Posix.write(mount.path("file"), new byte[] {1});
      assertArrayEquals(new byte[] {1}, Posix.read(mount.path("file")));
    }
  }

  @Test
  void twoMountsWorkAtOnce() throws Exception {
    try (TestMount one = new TestMount(transport, new MemoryFileSystem());
        TestMount two = new TestMount(transport, new MemoryFileSystem())) {
      Posix.write(one.path("file"), new byte[] {1});
      Posix.write(two.path("file"), new byte[] {2});
      assertArrayEquals(new byte[] {1}, Posix.read(one.path("file")));
      one.mount().unmount();
      assertArrayEquals(new byte[] {2}, Posix.read(two.path("file")));
      try (TestMount three = new TestMount(transport, new MemoryFileSystem())) {
        Posix.write(three.path("file"), new byte[] {3});
        assertArrayEquals(new byte[] {2}, Posix.read(two.path("file")));
      }
    }
  }

  @Test
  void readOnlyMountsRefuseChanges() throws Exception {
    Path directory = Files.createDirectory(scratch.resolve("read-only"));
    try (TestMount mount = new TestMount(transport, new MemoryFileSystem(), directory, true)) {
      assertFails(Errno.EROFS, () -> Posix.write(mount.path("file"), new byte[] {1}));
    }
  }

  @Test
  void theMountTellsItsSourceAndType() throws Exception {
    Path odd = Files.createDirectory(scratch.resolve("a b\\c,d"));
    try (TestMount mount = new TestMount(transport, new MemoryFileSystem(), odd, false, "noexec")) {
      String line =
          Files.readAllLines(Path.of("/proc/self/mounts"), StandardCharsets.ISO_8859_1).stream()
              .filter(l -> l.contains("a\\040b\\134c,d"))
              .findFirst()
              .orElseThrow();
      assertTrue(line.startsWith("firn-test "), line);
      assertTrue(line.contains(" fuse.firn "), line);
      for (String option : List.of("nosuid", "nodev", "noexec", "default_permissions")) {
        assertTrue(line.contains(option), line);
      }
      Posix.write(mount.path("file"), new byte[] {1});
    }
  }

  @Test
  void badMountPointsAreRefused() throws Exception {
    MemoryFileSystem fileSystem = new MemoryFileSystem();
    assertRefused(ErrorKind.NOT_FOUND, fileSystem, scratch.resolve("missing"));
    assertRefused(ErrorKind.NOT_FOUND, fileSystem, scratch.resolve("missing/below"));
    Path file = Files.createFile(scratch.resolve("file"));
    assertRefused(ErrorKind.CONFLICT, fileSystem, file);
    assertRefused(ErrorKind.CONFLICT, fileSystem, scratch);
    try (TestMount mount = new TestMount(transport, fileSystem)) {
      assertRefused(ErrorKind.CONFLICT, new MemoryFileSystem(), mount.directory());
    }
    Path empty = Files.createDirectory(scratch.resolve("empty"));
    FirnException refusal =
        assertThrows(
            FirnException.class,
            () -> new TestMount(transport, fileSystem, empty, false, "no_such_option_exists"));
    assertTrue(refusal.getMessage().contains("no_such_option_exists"), refusal.getMessage());
    assertFalse(Files.readString(Path.of("/proc/self/mounts")).contains(empty.toString()));
  }

  private void assertRefused(ErrorKind kind, FileSystem fileSystem, Path directory) {
    FirnException refusal =
        assertThrows(
            FirnException.class, () -> new TestMount(transport, fileSystem, directory, false));
    assertEquals(kind, refusal.kind(), refusal.getMessage());
    assertFalse(refusal.getMessage().contains("\n"), refusal.getMessage());
  }

  @Test
  void whatADeadProcessLeftIsClearedAway() throws Exception {
    Path directory = Files.createDirectory(scratch.resolve("dead"));
    try {
      Process child = startMounted(directory);
      child.destroyForcibly().waitFor();
      // The kernel may still be taking the connection down, and tells who asks meanwhile so.
      Set<Errno> seen = EnumSet.noneOf(Errno.class);
      assertTrue(
          Waiting.until(
              WAIT_SECONDS * 1000L,
              () -> {
                seen.add(assertThrows(Posix.Failure.class, () -> statBelow(directory)).errno());
                return seen.contains(Errno.ENOTCONN);
              }),
          seen::toString);
      seen.removeAll(EnumSet.of(Errno.ENOTCONN, Errno.ECONNABORTED, Errno.ECANCELED));
      assertEquals(Set.of(), seen);
      try (TestMount mount = new TestMount(transport, new MemoryFileSystem(), directory, false)) {
        Posix.write(mount.path("file"), new byte[] {1});
      }
    } finally {
      unmountIfThere(directory);
    }
  }

  private static void statBelow(Path directory) {
    Posix.stat(Posix.path(directory, "/file"));
  }

  @Test
  void sigtermRunsShutdownHooksThatUnmount() throws Exception {
    Path directory = Files.createDirectory(scratch.resolve("term"));
    try {
      Process child = startMounted(directory);
      Posix.write(Posix.path(directory, "/file"), new byte[] {1});
      // Not child.destroy(): that would close its output, too.
      run("kill -TERM " + child.pid());
      String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(child.waitFor(WAIT_SECONDS, TimeUnit.SECONDS));
      assertTrue(said.contains("unmounted, syncs 1"), said);
      assertFalse(Files.readString(Path.of("/proc/self/mounts")).contains(directory.toString()));
    } finally {
      unmountIfThere(directory);
    }
  }

  /** A process of its own that has mounted a directory. */
  private Process startMounted(Path directory) throws IOException {
    Process child = ServingProcess.start(MountingProcess.class, transport, directory);
    for (byte expected : "mounted\n".getBytes(StandardCharsets.UTF_8)) {
      assertEquals(expected, child.getInputStream().read());
    }
    return child;
  }

  private static void unmountIfThere(Path directory) throws IOException {
    if (Files.readString(Path.of("/proc/self/mounts")).contains(directory.toString())) {
      MountPoint.unmountLazily(directory);
    }
  }

  private static void run(String command) throws Exception {
    Process process = new ProcessBuilder(command.split(" ")).inheritIO().start();
    assertEquals(0, process.waitFor());
  }
}
