package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.fuse.Posix;
import dev.firn.vfs.FileMode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import jnr.constants.platform.Errno;

/** Extended attributes. */
final class XattrScenarios {
  private static final int XATTR_CREATE = 1;
  private static final int XATTR_REPLACE = 2;

  @Scenario
  void attributesFollowTheRules(Place place) {
    place.write("file", "x");
    byte[] path = place.path("file");
    assertEquals(Set.of(), Posix.listXattrs(path));
    assertFails(Errno.ENODATA, () -> Posix.getXattr(path, "user.none"));
    Posix.setXattr(path, "user.one", pattern(1000));
    Posix.setXattr(path, "trusted.two", new byte[0]);
    Posix.setXattr(path, "security.three", new byte[] {0, 1, 0});
    assertEquals(Set.of("user.one", "trusted.two", "security.three"), Posix.listXattrs(path));
    assertArrayEquals(pattern(1000), Posix.getXattr(path, "user.one"));
    assertArrayEquals(new byte[0], Posix.getXattr(path, "trusted.two"));
    assertArrayEquals(new byte[] {0, 1, 0}, Posix.getXattr(path, "security.three"));
    Posix.setXattr(path, "user.one", pattern(5));
    assertArrayEquals(pattern(5), Posix.getXattr(path, "user.one"));
    check(LIBC.lremovexattr(path, Posix.path("user.one")));
    assertFails(Errno.ENODATA, () -> Posix.getXattr(path, "user.one"));
    assertFails(Errno.ENODATA, () -> check(LIBC.lremovexattr(path, Posix.path("user.one"))));
    assertEquals(Set.of("trusted.two", "security.three"), Posix.listXattrs(path));
  }

  @Scenario
  void sizesCanBeAskedFor(Place place) {
    place.write("file", "x");
    byte[] path = place.path("file");
    byte[] name = Posix.path("user.one");
    check(LIBC.lsetxattr(path, name, pattern(1000), 1000, 0));
    assertEquals(1000, check(LIBC.lgetxattr(path, name, null, 0)));
    assertFails(Errno.ERANGE, () -> check(LIBC.lgetxattr(path, name, new byte[999], 999)));
    assertEquals(1000, check(LIBC.lgetxattr(path, name, new byte[2000], 2000)));
    assertEquals(9, check(LIBC.llistxattr(path, null, 0)));
    assertFails(Errno.ERANGE, () -> check(LIBC.llistxattr(path, new byte[8], 8)));
    byte[] list = new byte[9];
    assertEquals(9, check(LIBC.llistxattr(path, list, 9)));
    assertArrayEquals(name, list);
  }

  @Scenario
  void flagsAskForNewOrOld(Place place) {
    place.write("file", "x");
    byte[] path = place.path("file");
    byte[] name = Posix.path("user.one");
    byte[] value = {1};
    assertFails(Errno.ENODATA, () -> check(LIBC.lsetxattr(path, name, value, 1, XATTR_REPLACE)));
    check(LIBC.lsetxattr(path, name, value, 1, XATTR_CREATE));
    assertFails(Errno.EEXIST, () -> check(LIBC.lsetxattr(path, name, value, 1, XATTR_CREATE)));
    check(LIBC.lsetxattr(path, name, new byte[] {2}, 1, XATTR_REPLACE));
    assertArrayEquals(new byte[] {2}, Posix.getXattr(path, "user.one"));
    assertFails(Errno.EINVAL, () -> check(LIBC.lsetxattr(path, name, value, 1, 8)));
  }

  @Scenario
  void namesHaveAtMost255Bytes(Place place) {
    place.write("file", "x");
    byte[] path = place.path("file");
    String longest = "user." + "n".repeat(250);
    Posix.setXattr(path, longest, pattern(10));
    assertEquals(Set.of(longest), Posix.listXattrs(path));
    assertArrayEquals(pattern(10), Posix.getXattr(path, longest));
    assertFails(Errno.ERANGE, () -> Posix.setXattr(path, longest + "n", new byte[1]));
    assertFails(Errno.ERANGE, () -> Posix.getXattr(path, ""));
  }

  @Scenario
  void valuesHaveAtMost64KiB(Place place) {
    place.write("file", "x");
    byte[] path = place.path("file");
    byte[] largest = pattern(64 << 10);
    Posix.setXattr(path, "user.large", largest);
    assertArrayEquals(largest, Posix.getXattr(path, "user.large"));
    assertFails(Errno.E2BIG, () -> Posix.setXattr(path, "user.larger", new byte[(64 << 10) + 1]));
    assertEquals(Set.of("user.large"), Posix.listXattrs(path));
  }

  @Scenario
  void thereCanBeMany(Place place) {
    place.write("file", "x");
    byte[] path = place.path("file");
    Set<String> expected = new TreeSet<>();
    for (int i = 0; i < 100; i++) {
      Posix.setXattr(path, "user.number-" + i, pattern(10, i));
      expected.add("user.number-" + i);
    }
    assertEquals(expected, Posix.listXattrs(path));
    for (int i = 0; i < 100; i++) {
      assertArrayEquals(pattern(10, i), Posix.getXattr(path, "user.number-" + i));
    }
  }

  @Scenario
  void userAttributesAreForFilesAndDirectories(Place place) {
    place.mkdir("directory");
    Posix.setXattr(place.path("directory"), "user.one", pattern(10));
    assertArrayEquals(pattern(10), Posix.getXattr(place.path("directory"), "user.one"));
    place.symlink("nowhere", "link");
    place.mknod("fifo", FileMode.FIFO | 0600, 0);
    for (String name : List.of("link", "fifo")) {
      byte[] path = place.path(name);
      assertFails(Errno.EPERM, () -> Posix.setXattr(path, "user.one", pattern(10)));
      Posix.setXattr(path, "trusted.one", pattern(10));
      assertArrayEquals(pattern(10), Posix.getXattr(path, "trusted.one"));
    }
  }

  @Scenario
  void unknownNamespacesAreRefused(Place place) {
    place.write("file", "x");
    byte[] path = place.path("file");
    assertFails(Errno.EOPNOTSUPP, () -> Posix.setXattr(path, "other.one", pattern(10)));
    assertFails(Errno.EOPNOTSUPP, () -> Posix.getXattr(path, "other.one"));
    assertFails(Errno.EOPNOTSUPP, () -> Posix.setXattr(path, "none", pattern(10)));
    assertEquals(Set.of(), Posix.listXattrs(path));
  }

  @Scenario
  void trustedAttributesAreRoots(Place place) {
    place.write("file", "x");
    byte[] path = place.path("file");
    place.chown("file", Users.USER, Users.USER);
    Posix.setXattr(path, "trusted.secret", pattern(10));
    Posix.setXattr(path, "user.open", "yes".getBytes(StandardCharsets.UTF_8));
    assertTrue(place.runAsUser("getfattr", "-n", "user.open", "file").contains("\"yes\""));
    place.runAsUser("setfattr", "-n", "user.mine", "-v", "x", "file");
    assertNotEquals(0, asUser(place, "getfattr", "-n", "trusted.secret", "file"));
    assertNotEquals(0, asUser(place, "setfattr", "-n", "trusted.mine", "-v", "x", "file"));
    place.chmod("file", 0444);
    assertNotEquals(0, asUser(place, "setfattr", "-n", "user.mine", "-v", "y", "file"));
    assertEquals(Set.of("trusted.secret", "user.mine", "user.open"), Posix.listXattrs(path));
  }

  private static int asUser(Place place, String... command) {
    List<String> whole = new ArrayList<>(Users.COMMAND);
    whole.addAll(List.of(command));
    return place.attempt(whole.toArray(String[]::new)).status();
  }

  @Scenario
  void attributesFollowTheFile(Place place) {
    place.write("file", "x");
    Posix.setXattr(place.path("file"), "user.one", pattern(10));
    place.link("file", "link");
    place.rename("file", "renamed");
    assertArrayEquals(pattern(10), Posix.getXattr(place.path("renamed"), "user.one"));
    Posix.setXattr(place.path("renamed"), "user.one", pattern(5));
    assertArrayEquals(pattern(5), Posix.getXattr(place.path("link"), "user.one"));
    place.run("cp", "-a", "link", "copy");
    assertArrayEquals(pattern(5), Posix.getXattr(place.path("copy"), "user.one"));
    place.unlink("renamed");
    place.unlink("link");
    place.write("file", "x");
    assertEquals(Set.of(), Posix.listXattrs(place.path("file")));
  }

  @Scenario
  void descriptorsReachAttributesToo(Place place) {
    int fd = place.create("file");
    byte[] name = Posix.path("user.one");
    check(LIBC.fsetxattr(fd, name, pattern(10), 10, 0));
    assertArrayEquals(pattern(10), Posix.getXattr(place.path("file"), "user.one"));
    byte[] value = new byte[10];
    assertEquals(10, check(LIBC.fgetxattr(fd, name, value, 10)));
    assertArrayEquals(pattern(10), value);
    place.symlink("file", "link");
    check(LIBC.setxattr(place.path("link"), name, pattern(5), 5, 0));
    assertArrayEquals(pattern(5), Posix.getXattr(place.path("file"), "user.one"));
  }
}
