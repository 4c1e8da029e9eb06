package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.fuse.Posix;
import dev.firn.fuse.Waiting;
import java.util.Set;
import java.util.TreeSet;
import jnr.constants.platform.Errno;

/** What the file system says of itself, and making things durable. */
final class StatusScenarios {
  private static final long WAIT_MILLIS = 20_000;

  @Scenario
  void spaceIsTakenAndGivenBack(Place place) throws Exception {
    byte[] path = place.path("");
    place.run("sync", "--file-system", ".");
    Posix.Space before = Posix.space(path);
    assertTrue(before.totalBytes() >= before.freeBytes());
    assertTrue(before.freeBytes() >= before.availableBytes());
    assertEquals(255, before.nameBytesMax());
    int fd = place.create("file");
    long size = 20L << 20;
    for (long offset = 0; offset < size; offset += 1 << 20) {
      Posix.writeAll(fd, pattern(1 << 20, (int) (offset >> 20)), offset);
    }
    check(LIBC.fsync(fd));
    long taken = before.freeBytes() - Posix.space(path).freeBytes();
    assertTrue(taken >= size && taken < size + (4 << 20), taken + " bytes taken");
    assertTrue(Posix.stat(fd).blocks() * 512 >= size);
    place.unlink("file");
    place.close(fd);
    place.run("sync", "--file-system", ".");
    // A kernel tells a mount's server that a file was closed when it finds the time.
    assertTrue(
        Waiting.until(
            WAIT_MILLIS, () -> before.freeBytes() - Posix.space(path).freeBytes() < 1 << 20),
        () -> before.freeBytes() - Posix.space(path).freeBytes() + " bytes lost");
  }

  @Scenario
  void inodesAreUniqueAndStable(Place place) {
    Set<Long> inodes = new TreeSet<>();
    for (int i = 0; i < 200; i++) {
      place.write("file-" + i, "x");
      assertTrue(inodes.add(place.stat("file-" + i).inode()));
    }
    long inode = place.stat("file-7").inode();
    place.rename("file-7", "renamed");
    assertEquals(inode, place.stat("renamed").inode());
    assertEquals(place.stat("").fileSystem(), place.stat("renamed").fileSystem());
  }

  @Scenario
  void syncingWorksOnEverything(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(300_000), 0);
    check(LIBC.fdatasync(fd));
    Posix.writeAll(fd, pattern(300_000, 2), 100_000);
    check(LIBC.fsync(fd));
    Posix.writeAll(fd, pattern(10), 0);
    check(LIBC.syncfs(fd));
    int reader = place.open("file", Posix.O_RDONLY);
    check(LIBC.fsync(reader));
    int path = place.open("file", Posix.O_PATH);
    assertFails(Errno.EBADF, () -> check(LIBC.fsync(path)));
    place.unlink("file");
    check(LIBC.fsync(fd));
    place.mkdir("d");
    int directory = place.open("d", Posix.O_RDONLY);
    check(LIBC.fsync(directory));
    check(LIBC.fdatasync(directory));
    check(LIBC.syncfs(directory));
    place.rmdir("d");
    check(LIBC.fsync(directory));
  }

  @Scenario
  void commandsAgreeOnSizes(Place place) {
    place.write("file", pattern(100_000));
    place.run("sync", "file");
    assertEquals("100000", place.run("stat", "-c", "%s", "file"));
    assertEquals("100000 file", place.run("wc", "-c", "file"));
    assertEquals("100000\tfile", place.run("du", "-b", "file"));
    long diskBytes = Long.parseLong(place.run("du", "-k", "file").split("\t")[0]) * 1024;
    assertTrue(diskBytes >= 98_304 && diskBytes <= 200_000, diskBytes + " bytes on disk");
  }

  @Scenario
  void anOpenFileIsSeenGrowing(Place place) {
    int fd = place.create("file");
    for (int i = 1; i <= 50; i++) {
      Posix.writeAll(fd, pattern(1111), (i - 1) * 1111L);
      assertEquals(i * 1111L, Posix.stat(fd).sizeBytes());
      assertEquals(i * 1111L, place.stat("file").sizeBytes());
      assertEquals(i * 1111L, check(LIBC.lseek(fd, 0, Posix.SEEK_END)));
    }
  }
}
