package dev.firn.fuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What watches over a mount lets a killed process end, and disturbs nobody. */
@ParameterizedClass
@MethodSource("dev.firn.fuse.TestTransports#kernel")
class GuardIT {
  private static final int WAIT_SECONDS = 30;
  private static final int SIGTERM = 15;

  @Parameter Transport transport;

  @TempDir Path scratch;

  @Test
  void aKilledProcessThatWaitsForItselfEndsAndSoDoWhoWaitsForIt() throws Exception {
    Path directory = Files.createDirectory(scratch.resolve("own"));
    Process serving = ServingProcess.start(SelfAskingProcess.class, transport, directory);
    Process waiting = null;
    try {
      for (byte expected : "asked\n".getBytes(StandardCharsets.UTF_8)) {
        assertEquals(expected, serving.getInputStream().read());
      }
      // Waits for the directory that is being made there, and so for the same answer.
      waiting = new ProcessBuilder("mkdir", directory.resolve("made").toString()).start();
      serving.destroyForcibly();

      assertTrue(serving.waitFor(WAIT_SECONDS, TimeUnit.SECONDS), "the killed process hangs");
      assertTrue(waiting.waitFor(WAIT_SECONDS, TimeUnit.SECONDS), "who waits for it hangs");
      assertEquals(1, waiting.exitValue());
      assertTrue(
          Waiting.until(WAIT_SECONDS * 1000L, () -> guardsOf(directory).isEmpty()),
          "its guard goes on");
    } finally {
      // Whatever went wrong: nobody shall wait for good.
      MountPoint.unmountByForce(directory);
      serving.destroyForcibly();
      if (waiting != null) {
        waiting.destroyForcibly();
      }
    }
  }

  @Test
  void whoEndsAllProcessesDoesNotCutAMountOff() throws Exception {
    Path directory = Files.createDirectory(scratch.resolve("served"));
    try (TestMount mount = new TestMount(transport, new MemoryFileSystem(), directory, false)) {
      ProcessHandle guard = guardOf(directory);
      assertTrue(ignoresTermination(guard), "SIGTERM ends it");
      guard.destroy();
      Posix.write(mount.path("file"), new byte[] {1});
      assertEquals(1, Posix.read(mount.path("file"))[0]);
      guard.destroyForcibly();
      assertEquals(1, Posix.read(mount.path("file"))[0]);
    }
  }

  @Test
  void anUnmountedDirectoryHasNoGuard() throws Exception {
    Path directory = Files.createDirectory(scratch.resolve("gone"));
    try (TestMount mount = new TestMount(transport, new MemoryFileSystem(), directory, false)) {
      assertTrue(guardOf(mount.directory()).isAlive());
    }
    assertTrue(
        Waiting.until(WAIT_SECONDS * 1000L, () -> guardsOf(directory).isEmpty()),
        "its guard goes on");
  }

  /** By the mask of ignored signals, whose lowest bit is signal 1 (proc(5)). */
  private static boolean ignoresTermination(ProcessHandle process) throws IOException {
    String prefix = "SigIgn:";
    for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
      if (line.startsWith(prefix)) {
        long ignored = Long.parseUnsignedLong(line.substring(prefix.length()).strip(), 16);
        return (ignored & 1L << (SIGTERM - 1)) != 0;
      }
    }
    return false;
  }

  /** It is there, and listens, as soon as the directory is mounted. */
  private static ProcessHandle guardOf(Path directory) {
    List<ProcessHandle> found = guardsOf(directory);
    assertEquals(1, found.size());
    return found.get(0);
  }

  /** By their last argument. */
  private static List<ProcessHandle> guardsOf(Path directory) {
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      return all.filter(process -> isGuard(process, directory)).toList();
    }
  }

  private static boolean isGuard(ProcessHandle process, Path directory) {
    String[] arguments = process.info().arguments().orElse(new String[0]);
    return arguments.length > 2
        && arguments[arguments.length - 1].equals(directory.toString())
        && arguments[arguments.length - 3].equals("firn-guard");
  }
}
