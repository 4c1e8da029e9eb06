package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.fuse.Posix;
import dev.firn.vfs.FileMode;
import java.util.List;
import java.util.Set;
import jnr.constants.platform.Errno;

/** Hard links and unlink(2). */
final class LinkScenarios {
  /** Of ext4, and of Firn. */
  private static final int LINKS_MAX = 65_000;

  @Scenario
  void linksCountRightAtOnceThroughEveryName(Place place) {
    place.write("a", new byte[] {1});
    assertEquals(1, place.stat("a").links());
    place.link("a", "b");
    place.link("b", "c");
    for (String name : List.of("a", "b", "c")) {
      assertEquals(3, place.stat(name).links());
    }
    assertEquals(place.stat("a").inode(), place.stat("c").inode());
    place.chmod("a", 0600);
    assertEquals(FileMode.REGULAR | 0600, place.stat("c").mode());
    place.write("b", pattern(10));
    assertEquals(10, place.stat("a").sizeBytes());
    assertArrayEquals(pattern(10), place.read("c"));
    place.unlink("b");
    assertEquals(2, place.stat("a").links());
    assertEquals(2, place.stat("c").links());
  }

  @Scenario
  void linksGoAcrossDirectories(Place place) {
    place.mkdir("one");
    place.mkdir("two");
    place.write("one/file", "x");
    place.link("one/file", "two/file");
    place.unlink("one/file");
    place.rmdir("one");
    assertEquals("x", place.text("two/file"));
    assertEquals(1, place.stat("two/file").links());
  }

  @Scenario
  void impossibleLinksAreRefused(Place place) {
    place.mkdir("directory");
    place.write("file", "x");
    assertFails(Errno.EPERM, () -> place.link("directory", "other"));
    assertFails(Errno.EEXIST, () -> place.link("file", "directory"));
    assertFails(Errno.EEXIST, () -> place.link("file", "file"));
    assertFails(Errno.ENOENT, () -> place.link("missing", "other"));
    assertFails(Errno.ENOENT, () -> place.link("file", "missing/other"));
    assertFails(Errno.ENOTDIR, () -> place.link("file", "file/other"));
    assertFails(
        Errno.EXDEV, () -> check(LIBC.link(Posix.path("/proc/self/status"), place.path("other"))));
    assertEquals(1, place.stat("file").links());
  }

  @Scenario
  void linksToSymbolicLinksAreLinksOfThem(Place place) {
    place.write("target", "x");
    place.symlink("target", "symbolic");
    place.link("symbolic", "hard");
    assertEquals(2, place.stat("symbolic").links());
    assertEquals(1, place.stat("target").links());
    check(
        LIBC.linkat(
            Posix.AT_FDCWD,
            place.path("symbolic"),
            Posix.AT_FDCWD,
            place.path("followed"),
            Posix.AT_SYMLINK_FOLLOW));
    assertEquals(place.stat("target").inode(), place.stat("followed").inode());
  }

  @Scenario
  void specialFilesCanHaveSeveralNames(Place place) {
    place.mknod("fifo", FileMode.FIFO | 0600, 0);
    place.link("fifo", "other");
    place.unlink("fifo");
    assertEquals(FileMode.FIFO | 0600, place.stat("other").mode());
    assertEquals(1, place.stat("other").links());
  }

  @Scenario
  void unlinkTakesNamesOfFilesOnly(Place place) {
    place.mkdir("directory");
    place.write("file", "x");
    place.symlink("directory", "link");
    assertFails(Errno.EISDIR, () -> place.unlink("directory"));
    assertFails(Errno.ENOENT, () -> place.unlink("missing"));
    assertFails(Errno.ENOTDIR, () -> place.unlink("file/x"));
    assertFails(Errno.ENOTDIR, () -> place.unlink("file/"));
    place.unlink("link");
    place.unlink("file");
    assertEquals(Set.of("directory"), place.list(""));
    assertFails(Errno.ENOENT, () -> place.unlink("file"));
  }

  @Scenario
  void aFileHasAtMost65000Links(Place place) {
    place.write("file", "x");
    byte[] file = place.path("file");
    place.mkdir("links");
    for (int i = 1; i < LINKS_MAX; i++) {
      check(LIBC.link(file, place.path("links/" + i)));
    }
    assertEquals(LINKS_MAX, place.stat("links/1").links());
    assertFails(Errno.EMLINK, () -> place.link("file", "links/more"));
    place.unlink("links/1");
    place.link("file", "links/more");
    assertEquals(LINKS_MAX, place.stat("file").links());
  }
}
