package dev.firn.cli;

import dev.firn.base.FirnException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;

/** Decides which home a command is about. */
final class HomeChoice {
  private static final Path OF_ROOT = Path.of("/var/lib/firn");

  private HomeChoice() {}

  /**
   * The home as an absolute path: the option's if given, {@code FIRN_HOME}, or a default that
   * depends on the user.
   */
  static Path of(Path option, Map<String, String> environment) {
    return choose(option, environment).toAbsolutePath().normalize();
  }

  private static Path choose(Path option, Map<String, String> environment) {
    if (option != null) {
      return option;
    }
    try {
      String variable = environment.get("FIRN_HOME");
      if (isSet(variable)) {
        return Path.of(variable);
      }
      if (isRoot()) {
        return OF_ROOT;
      }
      String dataHome = environment.get("XDG_DATA_HOME");
      if (isSet(dataHome)) {
        return Path.of(dataHome, "firn");
      }
      String userHome = environment.get("HOME");
      if (isSet(userHome)) {
        return Path.of(userHome, ".local", "share", "firn");
      }
    } catch (InvalidPathException e) {
      throw FirnException.usage("the home '%s' is not a path: %s", e.getInput(), e.getReason());
    }
    throw FirnException.usage("there is no default home; give one with --home or FIRN_HOME");
  }

  private static boolean isSet(String variable) {
    return variable != null && !variable.isEmpty();
  }

  private static boolean isRoot() {
    try {
      return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    } catch (IOException | UnsupportedOperationException e) {
      return "root".equals(System.getProperty("user.name"));
    }
  }
}
