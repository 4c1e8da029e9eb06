package dev.firn.fuse.posix;

import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.fuse.Posix;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import jnr.constants.platform.Errno;

/** Many at once: one wins, nobody's work is lost. */
final class ConcurrencyScenarios {
  private static final int THREADS = 8;
  private static final int ROUNDS = 50;

  @Scenario
  void oneOfManyMakesAFile(Place place) throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      String name = "file-" + round;
      AtomicInteger winners = new AtomicInteger();
      Threads.inParallel(
          THREADS,
          number ->
              oneWins(
                  winners,
                  () ->
                      place.close(place.open(name, Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL))));
      assertEquals(1, winners.get());
    }
  }

  @Scenario
  void oneOfManyMakesADirectory(Place place) throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      String name = "directory-" + round;
      AtomicInteger winners = new AtomicInteger();
      Threads.inParallel(THREADS, number -> oneWins(winners, () -> place.mkdir(name)));
      assertEquals(1, winners.get());
    }
    assertEquals(ROUNDS + 2, place.stat("").links());
  }

  @Scenario
  void oneOfManyRenames(Place place) throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      place.write("file", "x");
      AtomicInteger winners = new AtomicInteger();
      Threads.inParallel(
          THREADS, number -> oneWins(winners, () -> place.rename("file", "won-" + number)));
      assertEquals(1, winners.get());
      assertEquals(1, place.list("").size());
      place.unlink(place.list("").first());
    }
  }

  private static void oneWins(AtomicInteger winners, Runnable attempt) {
    try {
      attempt.run();
      winners.incrementAndGet();
    } catch (Posix.Failure e) {
      assertTrue(e.errno() == Errno.EEXIST || e.errno() == Errno.ENOENT, e.getMessage());
    }
  }

  @Scenario
  void manyFillADirectoryTogether(Place place) throws Exception {
    Threads.inParallel(
        THREADS,
        number -> {
          for (int i = 0; i < 200; i++) {
            place.write(number + "-" + i, pattern(i, number));
            if (i % 3 == 0) {
              place.unlink(number + "-" + i);
            }
          }
        });
    Set<String> expected = new TreeSet<>();
    for (int number = 0; number < THREADS; number++) {
      for (int i = 0; i < 200; i++) {
        if (i % 3 != 0) {
          expected.add(number + "-" + i);
        }
      }
    }
    assertEquals(expected, place.list(""));
    for (String name : expected) {
      String[] parts = name.split("-");
      int number = Integer.parseInt(parts[0]);
      assertArrayEquals(pattern(Integer.parseInt(parts[1]), number), place.read(name));
    }
  }

  @Scenario
  void writersOfDifferentPartsLoseNothing(Place place) throws Exception {
    place.write("file", "");
    int part = 100_003;
    Threads.inParallel(
        THREADS,
        number -> {
          int fd = place.open("file", Posix.O_RDWR);
          byte[] own = pattern(part, number);
          for (int done = 0; done < part; done += 7001) {
            byte[] piece = Arrays.copyOfRange(own, done, Math.min(part, done + 7001));
            Posix.writeAll(fd, piece, (long) number * part + done);
          }
        });
    byte[] contents = place.read("file");
    assertEquals(THREADS * part, contents.length);
    for (int number = 0; number < THREADS; number++) {
      assertArrayEquals(
          pattern(part, number), Arrays.copyOfRange(contents, number * part, (number + 1) * part));
    }
  }

  @Scenario
  void treesComeAndGoTogether(Place place) throws Exception {
    Threads.inParallel(
        4,
        number -> {
          for (int i = 0; i < 20; i++) {
            String top = "tree-" + number;
            place.mkdir(top);
            place.mkdir(top + "/a");
            place.mkdir(top + "/a/b");
            place.write(top + "/a/b/file", pattern(5000, number));
            place.rename(top + "/a/b", top + "/b");
            assertArrayEquals(pattern(5000, number), place.read(top + "/b/file"));
            place.unlink(top + "/b/file");
            place.rmdir(top + "/b");
            place.rmdir(top + "/a");
            place.rmdir(top);
          }
        });
    assertEquals(Set.of(), place.list(""));
    assertEquals(2, place.stat("").links());
  }

  @Scenario
  void crossingRenamesDoNotBlockEachOther(Place place) throws Exception {
    place.mkdir("one");
    place.mkdir("two");
    for (int number = 0; number < 4; number++) {
      place.mkdir((number % 2 == 0 ? "one/" : "two/") + number);
    }
    Threads.inParallel(
        4,
        number -> {
          for (int i = 0; i < 101; i++) {
            boolean there = (number + i) % 2 == 0;
            place.rename((there ? "one/" : "two/") + number, (there ? "two/" : "one/") + number);
          }
        });
    assertEquals(Set.of("1", "3"), place.list("one"));
    assertEquals(Set.of("0", "2"), place.list("two"));
    assertEquals(4, place.stat("one").links());
    assertEquals(4, place.stat("two").links());
  }
}
