package dev.firn.fuse.kernel;

import dev.firn.base.DaemonThreads;
import dev.firn.base.FirnException;
import dev.firn.base.Program;
import dev.firn.fuse.MountPoint;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a process that was killed end. A thread of it that waits in the kernel for the answer to a
 * request to its own mount (the barrier, {@link WriteBackClock}) waits for threads that are dead;
 * since it cannot end, the device stays open, and whoever uses any mount of the process waits with
 * it, for good. So each mount has a small process beside it, which the kernel tells when the thread
 * ended that started it (PR_SET_PDEATHSIG of prctl(2)), and which then makes all requests fail, if
 * threads are left a second later.
 *
 * <p>Invariants: what it writes into was opened beforehand and belongs to this connection alone, so
 * it can meet no other mount. Its thread ends with the process only. A mount has it before anybody
 * is told that it is mounted: until it listens, the signal of that death would end it. It acts on a
 * signal that nobody sends who ends all processes of a service: a mount that is just being written
 * back must not be cut off.
 *
 * <p>Safe for concurrent use.
 */
final class Guard implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(Guard.class);

  private static final ExecutorService STARTER =
      Executors.newSingleThreadExecutor(DaemonThreads.named("fuse-guard"));

  /** Ends at the end of its input. Its output is the connection's "abort". */
  private static final String SCRIPT =
      "trap '' HUP INT TERM;"
          + " trap 'sleep 1; set -- /proc/$1/task/*; [ $# -lt 2 ] || echo 1; exit' USR2;"
          + " echo ready >&2; exec 2>/dev/null;"
          + " read -r end";

  private static final String NO_GUARD =
      "{}: if this process is killed it may not end before 'firn umount --force': {}";

  /** Nobody waits for longer for a program of the system that hangs. */
  private static final int PROGRAM_SECONDS_MAX = 10;

  private final Process process;

  private Guard(Process process) {
    this.process = process;
  }

  /** Of a mount that this process serves; none where it cannot be, which the log tells. */
  static Optional<Guard> over(Path directory) {
    Process process = null;
    boolean ready = false;
    try {
      process = STARTER.submit(() -> start(directory)).get();
      awaitReady(process);
      ready = true;
      return Optional.of(new Guard(process));
    } catch (ExecutionException e) {
      LOG.info(NO_GUARD, directory, e.getCause().toString());
    } catch (IOException | TimeoutException e) {
      LOG.info(NO_GUARD, directory, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      LOG.info(NO_GUARD, directory, "interrupted");
    } finally {
      if (process != null && !ready) {
        process.destroyForcibly();
      }
    }
    return Optional.empty();
  }

  /** Why mounts of this process have none; nothing if they have. */
  static Optional<String> refusal() {
    try {
      FuseConnections.open().close();
      Program.run("util-linux", PROGRAM_SECONDS_MAX, told("true"));
      return Optional.empty();
    } catch (IOException | FirnException e) {
      return Optional.of(e.getMessage());
    }
  }

  private static Process start(Path directory) throws IOException {
    String device =
        MountPoint.deviceAt(directory).orElseThrow(() -> new IOException("nothing is mounted"));
    try (FuseConnections connections = FuseConnections.open()) {
      Path abort = connections.abort(device);
      String pid = Long.toString(ProcessHandle.current().pid());
      ProcessBuilder builder =
          new ProcessBuilder(told("sh", "-c", SCRIPT, "firn-guard", pid, directory.toString()));
      builder.environment().clear();
      builder.environment().put("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
      return builder
          .directory(Path.of("/").toFile())
          .redirectOutput(ProcessBuilder.Redirect.appendTo(abort.toFile()))
          .start();
    }
  }

  /** Throws an IOException if it says anything else, or ends. */
  private static void awaitReady(Process process)
      throws IOException, InterruptedException, ExecutionException, TimeoutException {
    FutureTask<String> said = new FutureTask<>(() -> firstError(process));
    DaemonThreads.named("fuse-guard-ready").newThread(said).start();
    String line = said.get(PROGRAM_SECONDS_MAX, TimeUnit.SECONDS);
    if (!"ready".equals(line)) {
      throw new IOException(line == null ? "its guard ended at once" : line);
    }
  }

  private static String firstError(Process process) throws IOException {
    try (BufferedReader errors = process.errorReader(StandardCharsets.UTF_8)) {
      return errors.readLine();
    }
  }

  /** A program that is told when the thread ends that starts it. */
  private static List<String> told(String... program) {
    List<String> command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "USR2"));
    command.addAll(List.of(program));
    return command;
  }

  /** When the connection has ended. */
  @Override
  public void close() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      LOG.debug("A guard had ended", e);
    }
  }
}
