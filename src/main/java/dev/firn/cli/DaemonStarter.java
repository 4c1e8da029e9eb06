package dev.firn.cli;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.daemon.Daemon;
import dev.firn.daemon.HomePaths;
import dev.firn.server.ApiClient;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Starts the daemon of a home as a process of its own: in a new session, with its own standard
 * streams and the root as its directory, so that it outlives the command and its terminal. When
 * several are started at the same time one gets the home, and all clients use that.
 */
final class DaemonStarter {
  /** More options for the daemon's JVM, separated by blanks. */
  static final String OPTIONS_VARIABLE = "FIRN_DAEMON_OPTS";

  /** Set by the launcher: an archive of classes with which the JVM starts faster. */
  private static final String ARCHIVE_PROPERTY = "firn.daemon.archive";

  /** The first JDK that knows and wants to be told who may call native code. */
  private static final int JAVA_WITH_NATIVE_ACCESS = 22;

  /** The first JDK that warns about sun.misc.Unsafe, which jnr-ffi and caches use. */
  private static final int JAVA_WITH_UNSAFE_WARNING = 23;

  private static final int RETRY_MILLIS = 100;

  private final Path home;
  private final ApiClient client;
  private final Map<String, String> environment;

  DaemonStarter(Path home, ApiClient client, Map<String, String> environment) {
    this.home = home;
    this.client = client;
    this.environment = environment;
  }

  /**
   * Returns once a daemon serves the home, however long its recovery takes.
   *
   * @throws FirnException with the daemon's own reason if it cannot start
   */
  void ensureRunning() throws IOException {
    while (!client.isServed()) {
      try {
        start();
        return;
      } catch (FirnException e) {
        if (e.kind() != ErrorKind.CONFLICT || !isOwnedByDaemon()) {
          throw e;
        }
      }
      // Another daemon has the home: it is starting or stopping, so look again.
      try {
        Thread.sleep(RETRY_MILLIS);
      } catch (InterruptedException e) {
        throw FirnException.failed("interrupted while the daemon was starting");
      }
    }
  }

  private boolean isOwnedByDaemon() throws IOException {
    if (client.isServed()) {
      return true;
    }
    return DaemonProcess.of(home).filter(DaemonProcess::isDaemon).isPresent();
  }

  private void start() throws IOException {
    Process process;
    try {
      process =
          new ProcessBuilder(command())
              .directory(new File("/"))
              .redirectInput(new File("/dev/null"))
              .redirectErrorStream(true)
              .start();
    } catch (IOException e) {
      throw new FirnException(
          ErrorKind.FAILED, "the daemon cannot be started: " + e.getMessage(), e);
    }
    List<String> said = new ArrayList<>();
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (line.equals(Daemon.READY)) {
          return;
        }
        said.add(line);
      }
    }
    throw failure(process, said);
  }

  /**
   * @param said what the process printed: the daemon's reason, or what the JVM complained about
   */
  private FirnException failure(Process process, List<String> said) {
    int status;
    try {
      status = process.waitFor();
    } catch (InterruptedException e) {
      throw FirnException.failed("interrupted while the daemon was starting");
    }
    for (String line : said) {
      for (ErrorKind kind : ErrorKind.values()) {
        if (line.startsWith(Daemon.FAILED) && kind.exitStatus() == status) {
          return new FirnException(kind, line.substring(Daemon.FAILED.length()));
        }
      }
    }
    return FirnException.failed(
        "the daemon did not start (status %d): %s",
        status, said.isEmpty() ? "it said nothing" : String.join("; ", said));
  }

  private List<String> command() {
    List<String> command = new ArrayList<>();
    command.add("setsid");
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Names of files are bytes: Latin-1 keeps each of them, whatever they mean.
    command.add("-Dfile.encoding=ISO-8859-1");
    command.add("-XX:+UseG1GC");
    command.add("-Xmx1g");
    // After running out of memory nothing can be trusted: end, and recover at the next start.
    command.add("-XX:+ExitOnOutOfMemoryError");
    command.add("-XX:ErrorFile=" + HomePaths.log(home).resolve("java-error-%p.log"));
    String archive = System.getProperty(ARCHIVE_PROPERTY);
    if (archive != null && Files.exists(Path.of(archive))) {
      command.addAll(List.of("-XX:SharedArchiveFile=" + archive, "-Xshare:auto"));
      command.addAll(List.of("-Xlog:disable", "-Xlog:all=off"));
    }
    int java = Runtime.version().feature();
    if (java >= JAVA_WITH_NATIVE_ACCESS) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    if (java >= JAVA_WITH_UNSAFE_WARNING) {
      command.add("--sun-misc-unsafe-memory-access=allow");
    }
    String options = environment.getOrDefault(OPTIONS_VARIABLE, "").trim();
    if (!options.isEmpty()) {
      command.addAll(List.of(options.split("\\s+")));
    }
    command.add("-cp");
    command.add(absoluteClassPath());
    command.add(Daemon.class.getName());
    command.add(home.toString());
    return command;
  }

  /** The daemon runs in another directory. */
  private static String absoluteClassPath() {
    List<String> parts = new ArrayList<>();
    for (String part : System.getProperty("java.class.path").split(File.pathSeparator)) {
      parts.add(Path.of(part).toAbsolutePath().toString());
    }
    return String.join(File.pathSeparator, parts);
  }
}
