package dev.firn.fuse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Finds the processes that keep a mount busy, as fuser(1) does. */
final class MountUsers {
  private static final Path PROC = Path.of("/proc");

  private MountUsers() {}

  /**
   * Each as "command (pid N)"; processes of others that may not be looked into are missing. Only
   * links below /proc are read: the mount itself is not touched.
   */
  static List<String> of(Path directory) {
    List<String> users = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path process : processes) {
        if (uses(process, directory)) {
          users.add(commandOf(process) + " (pid " + process.getFileName() + ")");
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // The list only helps the user; without /proc there is none.
      return users;
    }
    return users;
  }

  private static boolean uses(Path process, Path directory) {
    if (leadsInto(process.resolve("cwd"), directory)
        || leadsInto(process.resolve("root"), directory)
        || leadsInto(process.resolve("exe"), directory)) {
      return true;
    }
    return anyLeadsInto(process.resolve("fd"), directory) || maps(process, directory);
  }

  /** A file can be mapped after it was closed; its path ends the line. */
  private static boolean maps(Path process, Path directory) {
    try {
      return Files.readString(process.resolve("maps"), StandardCharsets.ISO_8859_1)
          .contains(' ' + directory.toString() + '/');
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean anyLeadsInto(Path links, Path directory) {
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(links)) {
      for (Path link : stream) {
        if (leadsInto(link, directory)) {
          return true;
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // Ended meanwhile, or not ours to see.
      return false;
    }
    return false;
  }

  private static boolean leadsInto(Path link, Path directory) {
    try {
      return Files.readSymbolicLink(link).startsWith(directory);
    } catch (IOException e) {
      return false;
    }
  }

  private static String commandOf(Path process) {
    try {
      return Files.readString(process.resolve("comm")).strip();
    } catch (IOException e) {
      return "a process";
    }
  }
}
