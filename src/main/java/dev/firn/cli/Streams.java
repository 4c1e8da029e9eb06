package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;

/** What export and import share. */
final class Streams {
  /** Instead of a file's name: standard input or output. */
  static final String STANDARD = "-";

  private Streams() {}

  /** Whether it is a pipe or a device, such as {@code /dev/stdout} or {@code <(command)}. */
  static boolean isSpecial(Path path) {
    return Files.exists(path) && !Files.isRegularFile(path) && !Files.isDirectory(path);
  }

  static void printWarnings(Session session, JsonNode result) {
    result
        .path("warnings")
        .forEach(warning -> session.errors().println("firn: warning: " + warning.asText()));
  }
}
