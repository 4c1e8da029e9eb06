package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/** Homes as a process leaves them that is killed between two steps of what it does. */
final class KilledHome {
  private KilledHome() {}

  /** What a process does with its home. */
  @FunctionalInterface
  interface Work {
    void run(Region region) throws IOException;
  }

  /**
   * Lets the work be done; answers copies of the home, one for each state that it was in before or
   * after a step, in order.
   *
   * @param copies where they are put
   */
  static List<Path> during(Path home, Path copies, Work work) throws IOException {
    List<Path> left = new ArrayList<>();
    boolean[] working = new boolean[1];
    AtomicReference<Map<Path, Long>> last = new AtomicReference<>();
    Runnable step =
        () -> {
          // Most steps only read.
          if (working[0] && !sizes(home).equals(last.getAndSet(sizes(home)))) {
            Path to = copies.resolve(Integer.toString(left.size()));
            copy(home, to);
            left.add(to);
          }
        };
    try (Region region = Region.open(home, Clock.systemUTC(), step)) {
      working[0] = true;
      work.run(region);
      working[0] = false;
    }
    return left;
  }

  /** Copies a home as it is at this moment. */
  static void copy(Path from, Path to) {
    try {
      Files.createDirectories(to.resolve("store"));
      // Superblocks first: of what is written meanwhile the segments have no less than they say.
      for (String part : List.of("format", "catalog.db", "store/volumes", "store/segments")) {
        cp(from.resolve(part), to.resolve(part));
      }
      for (String part : List.of("catalog.db-wal", "catalog.db-shm", "copy", "secret.key")) {
        if (Files.exists(from.resolve(part))) {
          cp(from.resolve(part), to.resolve(part));
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Map<Path, Long> sizes(Path directory) {
    Map<Path, Long> sizes = new HashMap<>();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        sizes.put(file, Files.size(file));
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return sizes;
  }

  /** By another process: when one closes a file that SQLite has open, it loses its locks. */
  private static void cp(Path from, Path to) throws IOException {
    Process process =
        new ProcessBuilder("cp", "-a", from.toString(), to.toString())
            .redirectErrorStream(true)
            .start();
    String told = new String(process.getInputStream().readAllBytes());
    try {
      assertEquals(0, process.waitFor(), told);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
