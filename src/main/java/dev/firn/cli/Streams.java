package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.base.FirnException;
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

  /** USAGE if it is a URL of a kind that is not known, rather than a file's name. */
  static void refuseUrl(String text) {
    if (text.matches("[A-Za-z][A-Za-z0-9+.-]*://.*")) {
      throw FirnException.usage(
          "'%s' is of no kind that can be used here: s3:// can, and http:// and https:// to import",
          text.replaceAll("[?#].*", ""));
    }
  }

  static void printWarnings(Session session, JsonNode result) {
    result
        .path("warnings")
        .forEach(warning -> session.errors().println("firn: warning: " + warning.asText()));
  }
}
