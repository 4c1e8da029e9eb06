package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.fuse.Posix;
import dev.firn.vfs.FileMode;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jnr.constants.platform.Errno;

/** Times of files: kept to the nanosecond, moved by what should move them. */
final class TimeScenarios {
  private static final Instant LONG_AGO = Instant.ofEpochSecond(1_000_000, 5);

  @Scenario
  void timesAreKeptToTheNanosecond(Place place) {
    place.write("file", "x");
    byte[] path = place.path("file");
    Posix.setTimes(path, 1_000_000_000L, 123_456_789, 2_000_000_000L, 987_654_321);
    Posix.Status status = Posix.stat(path);
    assertEquals(Instant.ofEpochSecond(1_000_000_000L, 123_456_789), status.accessTime());
    assertEquals(Instant.ofEpochSecond(2_000_000_000L, 987_654_321), status.modifyTime());
    Posix.setTimes(path, 0, Posix.UTIME_OMIT, 5, 6);
    assertEquals(1_000_000_000L, Posix.stat(path).accessTime().getEpochSecond());
    assertEquals(Instant.ofEpochSecond(5, 6), Posix.stat(path).modifyTime());
    Posix.setTimes(path, 0, Posix.UTIME_NOW, 0, Posix.UTIME_OMIT);
    assertRecent(Posix.stat(path).accessTime());
    assertEquals(Instant.ofEpochSecond(5, 6), Posix.stat(path).modifyTime());
    assertRecent(Posix.stat(path).changeTime());
    assertFails(Errno.EINVAL, () -> Posix.setTimes(path, 0, 1_000_000_000, 0, 0));
  }

  @Scenario
  void timesReachFromBefore1970ToAfter2038(Place place) {
    place.write("file", "x");
    byte[] path = place.path("file");
    long year1902 = -2_145_916_800L;
    long year2106 = 4_296_672_000L;
    long year2400 = 13_569_465_600L;
    for (long seconds : new long[] {-1, 0, year1902, 1L << 31, year2106, year2400}) {
      Posix.setTimes(path, seconds, 999_999_999, seconds, 1);
      assertEquals(Instant.ofEpochSecond(seconds, 999_999_999), Posix.stat(path).accessTime());
      assertEquals(Instant.ofEpochSecond(seconds, 1), Posix.stat(path).modifyTime());
    }
  }

  @Scenario
  void explicitTimesOutliveEarlierWrites(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(10_000), 0);
    check(LIBC.futimens(fd, new long[] {1, 2, 3, 4}));
    assertEquals(Instant.ofEpochSecond(3, 4), Posix.stat(fd).modifyTime());
    check(LIBC.fsync(fd));
    assertEquals(Instant.ofEpochSecond(3, 4), Posix.stat(fd).modifyTime());
    place.close(fd);
    assertEquals(Instant.ofEpochSecond(3, 4), place.stat("file").modifyTime());
    assertArrayEquals(pattern(10_000), place.read("file"));
    assertEquals(Instant.ofEpochSecond(3, 4), place.stat("file").modifyTime());
  }

  @Scenario
  void changingContentsMovesTheModificationTime(Place place) {
    int fd = place.create("file");
    assertMoves(place, "file", () -> Posix.writeAll(fd, pattern(10), 0));
    assertMoves(place, "file", () -> check(LIBC.ftruncate(fd, 5)));
    assertMoves(place, "file", () -> place.truncate("file", 7));
    assertMoves(place, "file", () -> place.open("file", Posix.O_WRONLY | Posix.O_TRUNC));
    assertMoves(place, "file", () -> check(LIBC.fallocate(fd, 0, 0, 100)));
    Posix.writeAll(fd, pattern(100), 0);
    assertMoves(
        place, "file", () -> check(LIBC.fallocate(fd, Posix.PUNCH_HOLE | Posix.KEEP_SIZE, 0, 10)));
  }

  @Scenario
  void changingNamesMovesTheDirectorysTime(Place place) {
    place.mkdir("d");
    assertMoves(place, "d", () -> place.write("d/file", "x"));
    assertMoves(place, "d", () -> place.link("d/file", "d/link"));
    assertMoves(place, "d", () -> place.rename("d/link", "d/renamed"));
    assertMoves(place, "d", () -> place.rename("d/renamed", "moved"));
    assertMoves(place, "d", () -> place.rename("moved", "d/back"));
    assertMoves(place, "d", () -> place.unlink("d/back"));
    assertMoves(place, "d", () -> place.mkdir("d/below"));
    assertMoves(place, "d", () -> place.rmdir("d/below"));
    assertMoves(place, "d", () -> place.symlink("x", "d/symbolic"));
    assertMoves(place, "d", () -> place.mknod("d/fifo", FileMode.FIFO | 0600, 0));
    assertStays(place, "d", () -> place.write("d/file", "other"));
    assertStays(place, "d", () -> place.chmod("d/file", 0600));
  }

  @Scenario
  void otherChangesMoveTheChangeTimeOnly(Place place) throws Exception {
    place.write("file", "x");
    List<Runnable> changes =
        List.of(
            () -> place.chmod("file", 0600),
            () -> place.chown("file", 1, 1),
            () -> place.link("file", "link"),
            () -> place.unlink("link"),
            () -> {
              place.rename("file", "renamed");
              place.rename("renamed", "file");
            },
            () -> Posix.setXattr(place.path("file"), "user.one", pattern(10)));
    for (int i = 0; i < changes.size(); i++) {
      Instant before = place.stat("file").changeTime();
      awaitLaterClock(place);
      assertStays(place, "file", changes.get(i));
      assertTrue(place.stat("file").changeTime().isAfter(before), "change " + i);
    }
  }

  @Scenario
  void readingMovesNoTimesOfRecentlyReadFiles(Place place) {
    place.write("file", pattern(10_000));
    place.mkdir("d");
    // Later than the change time, and less than a day ago: relatime leaves that alone.
    long later = Instant.now().getEpochSecond() + 1000;
    Posix.setTimes(place.path("file"), later, 0, 5, 0);
    Posix.setTimes(place.path("d"), later, 0, 5, 0);
    Posix.Status before = place.stat("file");
    Posix.Status directory = place.stat("d");
    place.read("file");
    place.list("d");
    assertEquals(before, place.stat("file"));
    assertEquals(directory, place.stat("d"));
  }

  @Scenario
  void birthTimesNeverMove(Place place) {
    place.write("file", "x");
    Instant birth = place.stat("file").birthTime();
    assertNotNull(birth);
    assertRecent(birth);
    Posix.setTimes(place.path("file"), 1, 2, 3, 4);
    place.write("file", "other");
    place.chmod("file", 0600);
    place.rename("file", "renamed");
    assertEquals(birth, place.stat("renamed").birthTime());
  }

  @Scenario
  void descriptorsAndNamesTellTheSameTimes(Place place) {
    int fd = place.create("file");
    for (int i = 0; i < 20; i++) {
      Posix.writeAll(fd, pattern(100), i * 100L);
      assertEquals(Posix.stat(fd).modifyTime(), place.stat("file").modifyTime());
    }
    Instant last = Posix.stat(fd).modifyTime();
    check(LIBC.fsync(fd));
    assertEquals(last, place.stat("file").modifyTime());
    place.close(fd);
    assertEquals(last, place.stat("file").modifyTime());
  }

  /** The kernel's clock for files ticks every few milliseconds. */
  private static void awaitLaterClock(Place place) throws InterruptedException {
    place.write("clock", "x");
    Instant before = place.stat("clock").modifyTime();
    do {
      TimeUnit.MILLISECONDS.sleep(1);
      place.write("clock", "x");
    } while (!place.stat("clock").modifyTime().isAfter(before));
    place.unlink("clock");
  }

  private static void assertMoves(Place place, String name, Runnable change) {
    setLongAgo(place, name);
    change.run();
    assertRecent(place.stat(name).modifyTime());
    assertRecent(place.stat(name).changeTime());
  }

  private static void assertStays(Place place, String name, Runnable change) {
    setLongAgo(place, name);
    change.run();
    assertEquals(LONG_AGO, place.stat(name).modifyTime());
  }

  private static void setLongAgo(Place place, String name) {
    Posix.setTimes(
        place.path(name), 0, Posix.UTIME_OMIT, LONG_AGO.getEpochSecond(), LONG_AGO.getNano());
  }

  private static void assertRecent(Instant time) {
    Instant now = Instant.now();
    assertTrue(time.isAfter(now.minusSeconds(100)) && time.isBefore(now.plusSeconds(1)), "" + time);
  }
}
