package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.fuse.Posix;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** O_APPEND: every write goes to the end, wherever that is by now. */
final class AppendScenarios {
  private static final int THREADS = 4;
  private static final int RECORDS = 200;

  /** What an appender counts to; those of all fit into a byte. */
  private static final int MARKS = 30;

  @Scenario
  void appendingWritesGoToTheEnd(Place place) {
    place.write("file", new byte[] {1, 2});
    int fd = place.open("file", Posix.O_WRONLY | Posix.O_APPEND);
    // Linux appends even where pwrite(2) says.
    Posix.writeAll(fd, new byte[] {3}, 0);
    assertArrayEquals(new byte[] {1, 2, 3}, place.read("file"));
    place.truncate("file", 1);
    Posix.writeAll(fd, new byte[] {4}, 0);
    assertArrayEquals(new byte[] {1, 4}, place.read("file"));
  }

  @Scenario
  void twoAppendersTakeTurns(Place place) {
    place.write("file", new byte[0]);
    int one = place.open("file", Posix.O_WRONLY | Posix.O_APPEND);
    int two = place.open("file", Posix.O_WRONLY | Posix.O_APPEND);
    StringBuilder expected = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      String line = "line " + i + "\n";
      byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
      assertEquals(bytes.length, check(LIBC.write(i % 3 == 0 ? one : two, bytes, bytes.length)));
      expected.append(line);
    }
    assertEquals(expected.toString(), place.text("file"));
  }

  @Scenario
  void anAppenderFollowsOtherWriters(Place place) {
    int writer = place.create("file");
    int appender = place.open("file", Posix.O_WRONLY | Posix.O_APPEND);
    Posix.writeAll(writer, pattern(10_000), 0);
    check(LIBC.write(appender, pattern(10, 5), 10));
    assertArrayEquals(pattern(10, 5), Posix.read(writer, 10_000, 100));
    check(LIBC.ftruncate(writer, 20_000));
    check(LIBC.write(appender, pattern(10, 6), 10));
    assertArrayEquals(pattern(10, 6), Posix.read(writer, 20_000, 100));
    assertEquals(20_010, Posix.stat(writer).sizeBytes());
  }

  @Scenario
  void appendersByDifferentNamesMeet(Place place) {
    place.write("one", new byte[0]);
    place.link("one", "two");
    int one = place.open("one", Posix.O_WRONLY | Posix.O_APPEND);
    int two = place.open("two", Posix.O_WRONLY | Posix.O_APPEND);
    for (int i = 0; i < 20; i++) {
      check(LIBC.write(i % 2 == 0 ? one : two, new byte[] {(byte) i}, 1));
    }
    byte[] contents = place.read("two");
    assertEquals(20, contents.length);
    for (int i = 0; i < 20; i++) {
      assertEquals(i, contents[i]);
    }
  }

  @Scenario
  void recordsOfManyAppendersStayWhole(Place place) throws Exception {
    place.write("file", new byte[0]);
    int recordBytes = 300;
    Threads.inParallel(
        THREADS,
        number -> {
          int fd = place.open("file", Posix.O_WRONLY | Posix.O_APPEND);
          for (int i = 0; i < RECORDS; i++) {
            byte[] record = new byte[recordBytes];
            Arrays.fill(record, (byte) (number * MARKS + i % MARKS));
            assertEquals(recordBytes, check(LIBC.write(fd, record, recordBytes)));
          }
        });
    byte[] contents = place.read("file");
    assertEquals(THREADS * RECORDS * recordBytes, contents.length);
    int[] next = new int[THREADS];
    for (int start = 0; start < contents.length; start += recordBytes) {
      byte mark = contents[start];
      int number = mark / MARKS;
      assertEquals(
          next[number]++ % MARKS, mark % MARKS, "order of the records of appender " + number);
      for (int i = 1; i < recordBytes; i++) {
        assertEquals(mark, contents[start + i], "byte " + (start + i));
      }
    }
  }

  @Scenario
  void processesAppendToTheSameLog(Place place) {
    place.write("log", new byte[0]);
    place.run(
        "sh",
        "-c",
        "for p in 1 2 3; do (i=0; while [ $i -lt 100 ]; do echo \"$p $i\"; i=$((i+1)); done >>log) &"
            + " done; wait");
    List<String> lines = place.text("log").lines().toList();
    assertEquals(300, lines.size());
    for (int process = 1; process <= 3; process++) {
      String prefix = process + " ";
      List<String> own = lines.stream().filter(line -> line.startsWith(prefix)).toList();
      for (int i = 0; i < 100; i++) {
        assertEquals(prefix + i, own.get(i));
      }
    }
  }
}
