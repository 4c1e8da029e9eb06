package dev.firn.daemon;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where a daemon and its clients meet inside a home. */
public final class HomePaths {
  private HomePaths() {}

  /** Whether a directory is a home already. */
  static boolean isHome(Path directory) {
    return Files.exists(directory.resolve("format"));
  }

  /** The socket that the daemon serves while it runs. */
  public static Path socket(Path home) {
    return home.resolve("run").resolve("firn.sock");
  }

  /** Holds the process id of whoever has the home, or had it last. */
  public static Path lock(Path home) {
    return home.resolve("lock");
  }

  /** The directory of the daemon's logs. */
  public static Path log(Path home) {
    return home.resolve("log");
  }

  /** What the daemon's process prints outside of its log; begun anew at each start. */
  public static Path strayOutput(Path home) {
    return log(home).resolve("daemon.err");
  }
}
