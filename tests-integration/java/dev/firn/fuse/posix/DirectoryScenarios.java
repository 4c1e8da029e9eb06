package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.firn.fuse.Posix;
import dev.firn.vfs.FileMode;
import java.util.Set;
import jnr.constants.platform.Errno;
import jnr.ffi.Pointer;

/** Making and removing directories, and working relative to them. */
final class DirectoryScenarios {
  @Scenario
  void directoriesAreMadeAndRemoved(Place place) {
    check(LIBC.mkdir(place.path("a"), 0750));
    check(LIBC.mkdir(place.path("a/b"), 0700));
    assertEquals(FileMode.DIRECTORY | 0750, place.stat("a").mode());
    assertEquals(3, place.stat("a").links());
    assertFails(Errno.ENOTEMPTY, () -> place.rmdir("a"));
    assertFails(Errno.EEXIST, () -> place.mkdir("a"));
    place.rmdir("a/b");
    assertEquals(2, place.stat("a").links());
    place.rmdir("a");
    assertFails(Errno.ENOENT, () -> place.stat("a"));
    assertFails(Errno.ENOENT, () -> place.rmdir("a"));
  }

  @Scenario
  void impossibleDirectoriesAreRefused(Place place) {
    place.write("file", "x");
    place.symlink("nowhere", "link");
    assertFails(Errno.EEXIST, () -> place.mkdir("file"));
    assertFails(Errno.EEXIST, () -> place.mkdir("link"));
    assertFails(Errno.ENOENT, () -> place.mkdir("missing/d"));
    assertFails(Errno.ENOTDIR, () -> place.mkdir("file/d"));
    assertFails(Errno.ENOTDIR, () -> place.rmdir("file"));
    assertFails(Errno.ENOTDIR, () -> place.rmdir("link"));
    assertFails(Errno.ENOTDIR, () -> place.rmdir("file/d"));
    place.mkdir("slash/");
    place.rmdir("slash/");
    assertEquals(Set.of("file", "link"), place.list(""));
  }

  @Scenario
  void onlyEmptyDirectoriesGo(Place place) {
    place.mkdir("d");
    place.write("d/file", "x");
    assertFails(Errno.ENOTEMPTY, () -> place.rmdir("d"));
    place.unlink("d/file");
    place.symlink("x", "d/link");
    assertFails(Errno.ENOTEMPTY, () -> place.rmdir("d"));
    place.rename("d/link", "link");
    place.rmdir("d");
    assertEquals(Set.of("link"), place.list(""));
  }

  @Scenario
  void aRemovedDirectoryTakesNothingIn(Place place) {
    place.mkdir("d");
    int directory = place.open("d", Posix.O_RDONLY | Posix.O_DIRECTORY);
    place.rmdir("d");
    byte[] name = Posix.path("new");
    assertFails(Errno.ENOENT, () -> check(LIBC.openat(directory, name, Posix.O_CREAT | 2, 0644)));
    assertFails(Errno.ENOENT, () -> check(LIBC.mkdirat(directory, name, 0755)));
    assertFails(Errno.ENOENT, () -> check(LIBC.openat(directory, name, 0, 0)));
    assertEquals(0, Posix.stat(directory).links());
    Pointer listing = Posix.openDirectory(Posix.path("/proc/self/fd/" + directory));
    try {
      assertEquals(Set.of(), Posix.list(listing));
    } finally {
      LIBC.closedir(listing);
    }
  }

  @Scenario
  void aShellNoticesThatItsDirectoryIsGone(Place place) {
    place.mkdir("d");
    Place.Output output = place.attempt("sh", "-c", "cd d && rmdir ../d && : >new");
    assertNotEquals(0, output.status());
    assertEquals(Set.of(), place.list(""));
    place.mkdir("e");
    place.run("sh", "-c", "cd e && mv ../e ../f && : >new");
    assertEquals(Set.of("new"), place.list("f"));
  }

  @Scenario
  void descriptorsOfDirectoriesAreStartingPoints(Place place) {
    place.mkdir("d");
    place.write("d/file", "x");
    int directory = place.open("d", Posix.O_PATH | Posix.O_DIRECTORY);
    int fd = place.closeAtEnd((int) check(LIBC.openat(directory, Posix.path("file"), 0, 0)));
    assertArrayEquals(new byte[] {'x'}, Posix.read(fd, 0, 10));
    place.rename("d", "e");
    check(LIBC.mkdirat(directory, Posix.path("below"), 0755));
    check(LIBC.renameat2(directory, Posix.path("file"), directory, Posix.path("below/file"), 0));
    assertEquals(Set.of("file"), place.list("e/below"));
    int up = place.closeAtEnd((int) check(LIBC.openat(directory, Posix.path(".."), 0, 0)));
    assertEquals(place.stat("").inode(), Posix.stat(up).inode());
    assertFails(Errno.ENOTDIR, () -> check(LIBC.openat(fd, Posix.path("x"), 0, 0)));
  }

  @Scenario
  void aDirectoryHoldsMany(Place place) {
    place.mkdir("d");
    for (int i = 0; i < 500; i++) {
      place.mkdir("d/" + i);
    }
    assertEquals(502, place.stat("d").links());
    assertEquals(500, place.list("d").size());
    for (int i = 0; i < 500; i++) {
      place.rmdir("d/" + i);
    }
    assertEquals(2, place.stat("d").links());
    place.rmdir("d");
  }

  @Scenario
  void directoriesCanBeSynced(Place place) {
    place.write("file", "x");
    int fd = place.open("", Posix.O_RDONLY | Posix.O_DIRECTORY);
    check(LIBC.fsync(fd));
    check(LIBC.fdatasync(fd));
    check(LIBC.syncfs(fd));
  }
}
