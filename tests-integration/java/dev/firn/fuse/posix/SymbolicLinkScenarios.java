package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.fuse.Posix;
import dev.firn.vfs.FileMode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Set;
import jnr.constants.platform.Errno;

/** Symbolic links and how paths follow them. */
final class SymbolicLinkScenarios {
  private static final int TARGET_BYTES_MAX = 4095;

  /** The kernel follows so many on the way of one path. */
  private static final int FOLLOWED_MAX = 40;

  @Scenario
  void targetsAreKeptAsTheyAre(Place place) {
    byte[] bytes = {'/', '/', 'x', (byte) 0xff, (byte) 0xc3, ' ', '\n', '.', '/'};
    place.symlink(bytes, "link");
    assertArrayEquals(bytes, place.readLink("link"));
    assertEquals(bytes.length, place.stat("link").sizeBytes());
    assertEquals(FileMode.SYMBOLIC_LINK | 0777, place.stat("link").mode());
    assertFails(Errno.ENOENT, () -> place.symlink("", "empty"));
    assertFails(Errno.EEXIST, () -> place.symlink("x", "link"));
  }

  @Scenario
  void targetsHaveAtMost4095Bytes(Place place) {
    String target = "./".repeat(2047) + "t";
    assertEquals(TARGET_BYTES_MAX, target.length());
    place.symlink(target, "long");
    assertArrayEquals(target.getBytes(StandardCharsets.UTF_8), place.readLink("long"));
    assertEquals(TARGET_BYTES_MAX, place.stat("long").sizeBytes());
    place.write("t", "reached");
    assertEquals("reached", place.text("long"));
    assertFails(Errno.ENAMETOOLONG, () -> place.symlink(target + "t", "longer"));
    // The lengths at which storing a target may change its ways.
    for (int length : new int[] {1, 59, 60, 61, 511, 512, 513, 4094}) {
      place.symlink("x".repeat(length), "link-" + length);
      assertEquals(length, place.readLink("link-" + length).length);
    }
  }

  @Scenario
  void readingCutsWhatDoesNotFit(Place place) {
    place.symlink("0123456789", "link");
    byte[] buffer = new byte[4];
    assertEquals(4, check(LIBC.readlink(place.path("link"), buffer, 4)));
    assertArrayEquals("0123".getBytes(StandardCharsets.UTF_8), buffer);
    place.write("file", "x");
    assertFails(Errno.EINVAL, () -> place.readLink("file"));
    assertFails(Errno.EINVAL, () -> place.readLink(""));
    assertFails(Errno.ENOENT, () -> place.readLink("missing"));
  }

  @Scenario
  void chainsOf40AreFollowed(Place place) {
    place.write("link-0", "the end");
    for (int i = 1; i <= FOLLOWED_MAX + 1; i++) {
      place.symlink("link-" + (i - 1), "link-" + i);
    }
    int fd = place.open("link-" + FOLLOWED_MAX, Posix.O_RDONLY);
    assertEquals(7, Posix.stat(fd).sizeBytes());
    assertFails(Errno.ELOOP, () -> place.open("link-" + (FOLLOWED_MAX + 1), Posix.O_RDONLY));
    place.symlink("self", "self");
    assertFails(Errno.ELOOP, () -> place.open("self", Posix.O_RDONLY));
    place.symlink("one", "two");
    place.symlink("two", "one");
    assertFails(Errno.ELOOP, () -> place.chmod("one", 0600));
  }

  @Scenario
  void linksLeadThroughDirectories(Place place) {
    place.mkdir("a");
    place.mkdir("a/b");
    place.write("a/b/file", "x");
    place.symlink("a/b", "down");
    place.symlink("../..", "a/b/up");
    place.symlink(place.directory(), "absolute");
    assertEquals("x", place.text("down/file"));
    assertEquals("x", place.text("down/up/absolute/a/b/file"));
    assertEquals(Set.of("file", "up"), place.list("down"));
    assertFails(Errno.ENOTDIR, () -> place.rmdir("down"));
    assertFails(Errno.EEXIST, () -> place.mkdir("down"));
    place.rename("a/b", "moved");
    assertFails(Errno.ENOENT, () -> place.text("down/file"));
  }

  @Scenario
  void attributesOfLinksThemselvesAreKept(Place place) {
    place.symlink("nowhere", "link");
    Posix.setTimes(place.path("link"), -5, 1, -7, 999_999_999);
    assertEquals(Instant.ofEpochSecond(-7, 999_999_999), place.stat("link").modifyTime());
    place.chown("link", 3, 4);
    assertEquals(3, place.stat("link").uid());
    assertEquals(4, place.stat("link").gid());
    assertEquals("nowhere".length(), place.stat("link").sizeBytes());
    assertFails(Errno.ENOENT, () -> check(LIBC.chown(place.path("link"), 1, 1)));
  }

  @Scenario
  void aLinkCanReplaceAnotherAtomically(Place place) throws Exception {
    place.write("one", "same");
    place.write("two", "same");
    place.symlink("one", "current");
    Threads.inParallel(
        2,
        number -> {
          for (int i = 0; i < 200; i++) {
            if (number == 0) {
              place.symlink(i % 2 == 0 ? "two" : "one", "next");
              place.rename("next", "current");
            } else {
              assertEquals("same", place.text("current"));
            }
          }
        });
  }
}
