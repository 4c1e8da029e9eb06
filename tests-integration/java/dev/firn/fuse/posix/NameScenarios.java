package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.fuse.Posix;
import dev.firn.vfs.FileMode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import jnr.constants.platform.Errno;

/** Which names files can have, and how long paths can be. */
final class NameScenarios {
  private static final byte[] NOT_UTF8 = {(byte) 0xff, (byte) 0x80, 'a', (byte) 0xc3};
  private static final int NAME_BYTES_MAX = 255;

  /** With the NUL at its end a path has 4,096. */
  private static final int PATH_BYTES_MAX = 4095;

  @Scenario
  void namesAreBytes(Place place) {
    place.mkdir(NOT_UTF8);
    byte[] below = joined(NOT_UTF8, NOT_UTF8);
    place.write(below, NOT_UTF8);
    assertEquals(Set.of(latin1(NOT_UTF8)), place.list(NOT_UTF8));
    assertArrayEquals(NOT_UTF8, place.read(below));
    byte[] link = joined(NOT_UTF8, new byte[] {'l'});
    place.symlink(NOT_UTF8, link);
    assertArrayEquals(NOT_UTF8, place.readLink(link));
    assertArrayEquals(NOT_UTF8, place.read(link));
    byte[] renamed = joined(NOT_UTF8, new byte[] {(byte) 0x80});
    place.rename(below, renamed);
    assertArrayEquals(NOT_UTF8, place.read(renamed));
    assertFails(Errno.ENOENT, () -> place.stat(below));
  }

  @Scenario
  void everyByteButTwoCanBeAName(Place place) {
    Set<String> expected = new TreeSet<>();
    for (int i = 1; i < 256; i++) {
      if (i == '/' || i == '.') {
        continue;
      }
      byte[] name = {(byte) i};
      place.write(name, name);
      expected.add(latin1(name));
    }
    assertEquals(expected, place.list(""));
    for (String name : expected) {
      byte[] bytes = name.getBytes(StandardCharsets.ISO_8859_1);
      assertArrayEquals(bytes, place.read(bytes));
    }
  }

  @Scenario
  void namesThatLookAlikeDiffer(Place place) {
    // Composed and decomposed; upper and lower; trailing blanks and dots.
    List<String> names =
        List.of("\u00e9", "e\u0301", "A", "a", "a ", "a.", "...", " ", "-rf", "a\\b", "\n", "*");
    for (String name : names) {
      place.write(name, name);
    }
    assertEquals(names.size(), place.list("").size());
    for (String name : names) {
      assertEquals(name, place.text(name));
    }
  }

  @Scenario
  void namesHaveAtMost255Bytes(Place place) {
    String longest = "n".repeat(NAME_BYTES_MAX);
    place.write(longest, "x");
    assertEquals(Set.of(longest), place.list(""));
    place.mkdir("d");
    place.rename(longest, "d/" + longest);
    place.link("d/" + longest, longest);
    place.unlink(longest);
    String longer = longest + "n";
    assertFails(Errno.ENAMETOOLONG, () -> place.write(longer, "x"));
    assertFails(Errno.ENAMETOOLONG, () -> place.mkdir(longer));
    assertFails(Errno.ENAMETOOLONG, () -> place.symlink("x", longer));
    assertFails(Errno.ENAMETOOLONG, () -> place.mknod(longer, FileMode.FIFO | 0600, 0));
    assertFails(Errno.ENAMETOOLONG, () -> place.rename("d", longer));
    assertFails(Errno.ENAMETOOLONG, () -> place.link("d/" + longest, longer));
    assertFails(Errno.ENAMETOOLONG, () -> place.stat(longer));
    assertFails(Errno.ENAMETOOLONG, () -> place.unlink(longer));
    assertFails(Errno.ENAMETOOLONG, () -> place.rmdir(longer));
  }

  @Scenario
  void pathsHaveAtMost4095Bytes(Place place) {
    int rest = PATH_BYTES_MAX - (place.path("").length - 1) - "file".length();
    String name = "./".repeat(rest / 2) + "/".repeat(rest % 2) + "file";
    assertEquals(PATH_BYTES_MAX, place.path(name).length - 1);
    place.write(name, "x");
    assertEquals("x", place.text("file"));
    assertFails(Errno.ENAMETOOLONG, () -> place.stat("/" + name));
  }

  @Scenario
  void treesCanBeDeeperThanPaths(Place place) {
    String name = "d".repeat(200);
    int directory = place.open("", Posix.O_RDONLY | Posix.O_DIRECTORY);
    for (int i = 0; i < 30; i++) {
      check(LIBC.mkdirat(directory, Posix.path(name), 0755));
      int below = (int) check(LIBC.openat(directory, Posix.path(name), Posix.O_DIRECTORY, 0));
      place.closeAtEnd(below);
      place.close(directory);
      directory = below;
    }
    int fd =
        (int) check(LIBC.openat(directory, Posix.path("f"), Posix.O_CREAT | Posix.O_RDWR, 0644));
    place.closeAtEnd(fd);
    Posix.writeAll(fd, pattern(10), 0);
    assertEquals(1, Posix.stat(fd).links());
    String path = ("/" + name).repeat(19);
    assertEquals(Set.of(name), place.list(path));
    assertFails(Errno.ENAMETOOLONG, () -> place.list(path + ("/" + name).repeat(2)));
  }

  @Scenario
  void dotsAreNotNames(Place place) {
    place.mkdir("d");
    assertFails(Errno.EEXIST, () -> place.mkdir("d/."));
    assertFails(Errno.EEXIST, () -> place.mkdir("d/.."));
    assertFails(Errno.EINVAL, () -> place.rmdir("d/."));
    assertFails(Errno.ENOTEMPTY, () -> place.rmdir("d/.."));
    assertFails(Errno.EISDIR, () -> place.unlink("d/."));
    assertEquals(place.stat("d").inode(), place.stat("d/.").inode());
    assertEquals(place.stat("").inode(), place.stat("d/..").inode());
    assertEquals(place.stat("d").inode(), place.stat("d/../d/./../d").inode());
    assertFails(Errno.ENOENT, () -> place.stat("missing/.."));
  }

  @Scenario
  void namesCanBeUsedAgainAtOnce(Place place) {
    for (int i = 0; i < 50; i++) {
      assertFails(Errno.ENOENT, () -> place.stat("name"));
      place.write("name", "x");
      assertEquals(FileMode.REGULAR | 0644, place.stat("name").mode());
      place.unlink("name");
      assertFails(Errno.ENOENT, () -> place.stat("name"));
      place.mkdir("name");
      assertEquals(FileMode.DIRECTORY | 0755, place.stat("name").mode());
      place.rmdir("name");
      place.symlink("nowhere", "name");
      assertEquals(FileMode.SYMBOLIC_LINK | 0777, place.stat("name").mode());
      place.unlink("name");
    }
  }

  private static byte[] joined(byte[] directory, byte[] name) {
    byte[] path = Posix.path(directory, "/", name);
    return Arrays.copyOf(path, path.length - 1);
  }

  private static String latin1(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
