package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.fuse.Posix;
import dev.firn.vfs.FileMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import jnr.constants.platform.Errno;

/** rename(2) and renameat2(2). */
final class RenameScenarios {
  @Scenario
  void renamingReplaces(Place place) {
    place.write("a", "1");
    place.write("b", "2");
    place.rename("a", "b");
    assertEquals("1", place.text("b"));
    assertEquals(Set.of("b"), place.list(""));
    place.mkdir("d");
    assertFails(Errno.EISDIR, () -> place.rename("b", "d"));
    assertFails(Errno.ENOTDIR, () -> place.rename("d", "b"));
    assertFails(Errno.ENOENT, () -> place.rename("missing", "b"));
    assertFails(Errno.ENOENT, () -> place.rename("b", "missing/b"));
    assertFails(Errno.ENOTDIR, () -> place.rename("b", "b/b"));
    assertEquals(Set.of("b", "d"), place.list(""));
  }

  @Scenario
  void directoriesReplaceEmptyDirectoriesOnly(Place place) {
    place.mkdir("a");
    place.write("a/file", "x");
    place.mkdir("empty");
    place.mkdir("full");
    place.write("full/other", "y");
    assertFails(Errno.ENOTEMPTY, () -> place.rename("a", "full"));
    place.rename("a", "empty");
    assertEquals("x", place.text("empty/file"));
    assertEquals(Set.of("empty", "full"), place.list(""));
    assertEquals(4, place.stat("").links());
  }

  @Scenario
  void aDirectoryCannotMoveIntoItself(Place place) {
    place.mkdir("a");
    place.mkdir("a/b");
    place.mkdir("a/b/c");
    assertFails(Errno.EINVAL, () -> place.rename("a", "a/d"));
    assertFails(Errno.EINVAL, () -> place.rename("a", "a/b/c/d"));
    assertFails(Errno.ENOTEMPTY, () -> place.rename("a/b/c", "a"));
    place.rename("a/b/c", "c");
    place.rename("a", "c/a");
    assertEquals(Set.of("c"), place.list(""));
    assertEquals(Set.of("b"), place.list("c/a"));
  }

  @Scenario
  void movedDirectoriesHaveANewParent(Place place) {
    place.mkdir("from");
    place.mkdir("to");
    place.mkdir("from/moved");
    place.write("from/moved/file", "x");
    assertEquals(3, place.stat("from").links());
    place.rename("from/moved", "to/moved");
    assertEquals(2, place.stat("from").links());
    assertEquals(3, place.stat("to").links());
    assertEquals(place.stat("to").inode(), place.stat("to/moved/..").inode());
    assertEquals("x", place.text("to/moved/file"));
    assertFails(Errno.ENOENT, () -> place.stat("from/moved/file"));
  }

  @Scenario
  void renamingToItselfDoesNothing(Place place) {
    place.write("a", "1");
    place.rename("a", "a");
    place.link("a", "b");
    // Two names of one file: both stay.
    place.rename("a", "b");
    assertEquals(Set.of("a", "b"), place.list(""));
    assertEquals(2, place.stat("a").links());
    place.mkdir("d");
    place.rename("d", "d");
    assertEquals(Set.of("a", "b", "d"), place.list(""));
  }

  @Scenario
  void openFilesFollowTheirName(Place place) {
    place.mkdir("d");
    int fd = place.create("d/file");
    Posix.writeAll(fd, pattern(100), 0);
    place.rename("d/file", "moved");
    place.rename("d", "e");
    Posix.writeAll(fd, pattern(100, 2), 100);
    check(LIBC.fchmod(fd, 0600));
    assertEquals(200, place.stat("moved").sizeBytes());
    assertEquals(FileMode.REGULAR | 0600, place.stat("moved").mode());
    int directory = place.open("e", Posix.O_RDONLY | Posix.O_DIRECTORY);
    place.rename("e", "f");
    place.closeAtEnd(
        (int) check(LIBC.openat(directory, Posix.path("inside"), Posix.O_CREAT, 0644)));
    assertEquals(Set.of("inside"), place.list("f"));
  }

  @Scenario
  void linksThemselvesAreRenamed(Place place) {
    place.write("target", "x");
    place.symlink("target", "link");
    place.rename("link", "renamed");
    assertArrayEquals("target".getBytes(StandardCharsets.UTF_8), place.readLink("renamed"));
    place.symlink("nowhere", "target2");
    place.rename("target2", "renamed");
    assertArrayEquals("nowhere".getBytes(StandardCharsets.UTF_8), place.readLink("renamed"));
    assertEquals("x", place.text("target"));
  }

  @Scenario
  void replacedFilesLoseALink(Place place) {
    place.write("a", "1");
    place.write("b", "2");
    place.link("b", "c");
    place.rename("a", "b");
    assertEquals(1, place.stat("c").links());
    assertEquals("2", place.text("c"));
    assertEquals("1", place.text("b"));
  }

  @Scenario
  void noReplaceRefusesWhatIsThere(Place place) {
    place.write("a", "1");
    place.write("b", "2");
    place.mkdir("d");
    place.symlink("nowhere", "link");
    for (String target : List.of("b", "d", "link", "a")) {
      assertFails(Errno.EEXIST, () -> place.rename("a", target, Posix.RENAME_NOREPLACE));
    }
    place.rename("a", "new", Posix.RENAME_NOREPLACE);
    place.rename("d", "e", Posix.RENAME_NOREPLACE);
    assertEquals(Set.of("b", "e", "link", "new"), place.list(""));
    assertEquals("1", place.text("new"));
    assertFails(Errno.ENOENT, () -> place.rename("a", "x", Posix.RENAME_NOREPLACE));
  }

  @Scenario
  void exchangeSwapsFiles(Place place) {
    place.write("a", "1");
    place.write("b", "22");
    int fd = place.open("a", Posix.O_RDWR);
    long inode = place.stat("a").inode();
    place.rename("a", "b", Posix.RENAME_EXCHANGE);
    assertEquals("22", place.text("a"));
    assertEquals("1", place.text("b"));
    assertEquals(inode, place.stat("b").inode());
    Posix.writeAll(fd, new byte[] {'3'}, 0);
    assertEquals("3", place.text("b"));
    assertFails(Errno.ENOENT, () -> place.rename("a", "c", Posix.RENAME_EXCHANGE));
  }

  @Scenario
  void exchangeSwapsDirectoriesAndWhateverElse(Place place) {
    place.mkdir("one");
    place.mkdir("two");
    place.mkdir("one/d");
    place.write("one/d/file", "x");
    place.symlink("nowhere", "two/link");
    place.rename("one/d", "two/link", Posix.RENAME_EXCHANGE);
    assertEquals("x", place.text("two/link/file"));
    assertArrayEquals("nowhere".getBytes(StandardCharsets.UTF_8), place.readLink("one/d"));
    assertEquals(2, place.stat("one").links());
    assertEquals(3, place.stat("two").links());
    assertEquals(place.stat("two").inode(), place.stat("two/link/..").inode());
    place.rename("one", "two", Posix.RENAME_EXCHANGE);
    assertEquals("x", place.text("one/link/file"));
    assertFails(Errno.EINVAL, () -> place.rename("one", "one/link", Posix.RENAME_EXCHANGE));
    assertFails(Errno.EINVAL, () -> place.rename("one/link", "one", Posix.RENAME_EXCHANGE));
  }

  @Scenario
  void senselessFlagsAreRefused(Place place) {
    place.write("a", "1");
    place.write("b", "2");
    int both = Posix.RENAME_NOREPLACE | Posix.RENAME_EXCHANGE;
    assertFails(Errno.EINVAL, () -> place.rename("a", "b", both));
    assertFails(Errno.EINVAL, () -> place.rename("a", "b", 0x100));
    assertEquals("1", place.text("a"));
    assertEquals("2", place.text("b"));
  }

  @Scenario
  void whiteoutsAreMadeOrRefused(Place place) {
    place.write("a", "1");
    try {
      place.rename("a", "b", Posix.RENAME_WHITEOUT);
      assertEquals(FileMode.CHARACTER_DEVICE, place.stat("a").mode() & FileMode.TYPE_MASK);
      assertEquals("1", place.text("b"));
    } catch (Posix.Failure e) {
      assertEquals(Errno.EINVAL, e.errno());
      assertEquals("1", place.text("a"));
      assertFails(Errno.ENOENT, () -> place.stat("b"));
    }
  }

  @Scenario
  void directoriesMayHaveATrailingSlash(Place place) {
    place.mkdir("d");
    place.write("file", "x");
    place.rename("d/", "e/");
    assertEquals(Set.of("e", "file"), place.list(""));
    assertFails(Errno.ENOTDIR, () -> place.rename("file", "other/"));
    assertFails(Errno.ENOTDIR, () -> place.rename("file/", "other"));
    assertFails(Errno.EBUSY, () -> place.rename("e/.", "f"));
    assertFails(Errno.EBUSY, () -> place.rename("e/..", "f"));
  }

  @Scenario
  void aFileIsAlwaysThereWhileItIsReplaced(Place place) throws Exception {
    place.write("file", "0");
    AtomicInteger looks = new AtomicInteger();
    Threads.inParallel(
        2,
        number -> {
          if (number == 0) {
            for (int i = 0; i < 300; i++) {
              place.write("new", "contents");
              place.rename("new", "file");
            }
            place.write("done", "");
            return;
          }
          while (!Files.exists(place.directory().resolve("done"))) {
            int fd = place.open("file", Posix.O_RDONLY);
            byte[] contents = Posix.read(fd, 0, 100);
            assertTrue(contents.length == 1 || contents.length == 8, "" + contents.length);
            place.close(fd);
            looks.incrementAndGet();
          }
        });
    assertTrue(looks.get() > 0);
  }
}
