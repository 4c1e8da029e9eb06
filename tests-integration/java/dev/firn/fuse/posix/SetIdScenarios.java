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
import java.util.List;
import jnr.constants.platform.Errno;

/** Set-user-ID, set-group-ID, owners of what is new. */
final class SetIdScenarios {
  private static final int GROUP = 4321;

  @Scenario
  void attributesAreKept(Place place) {
    place.write("file", "x");
    place.chmod("file", 04751);
    assertEquals(FileMode.REGULAR | 04751, place.stat("file").mode());
    place.chown("file", 1234, 5678);
    assertEquals(1234, place.stat("file").uid());
    assertEquals(5678, place.stat("file").gid());
    place.chown("file", -1, 99);
    assertEquals(1234, place.stat("file").uid());
    assertEquals(99, place.stat("file").gid());
    int largest = -2;
    place.chown("file", largest, largest);
    assertEquals(largest, place.stat("file").uid());
  }

  @Scenario
  void newFilesBelongToWhoMadeThem(Place place) throws Throwable {
    place.mkdir("d");
    place.chmod("d", 0777);
    Users.as(
        Users.USER,
        () -> {
          place.write("d/file", "x");
          place.mkdir("d/directory");
          place.symlink("x", "d/link");
          place.mknod("d/fifo", FileMode.FIFO | 0600, 0);
        });
    for (String name : place.list("d")) {
      assertEquals(Users.USER, place.stat("d/" + name).uid(), name);
      assertEquals(Users.USER, place.stat("d/" + name).gid(), name);
    }
    place.write("own", "x");
    assertEquals(0, place.stat("own").uid());
  }

  @Scenario
  void setGroupIdDirectoriesHandTheirGroupDown(Place place) throws Throwable {
    place.mkdir("shared");
    place.chown("shared", 0, GROUP);
    place.chmod("shared", 02777);
    place.mkdir("shared/d");
    place.write("shared/f", "x");
    assertEquals(GROUP, place.stat("shared/f").gid());
    assertEquals(FileMode.REGULAR | 0644, place.stat("shared/f").mode());
    assertEquals(GROUP, place.stat("shared/d").gid());
    assertEquals(FileMode.DIRECTORY | 02755, place.stat("shared/d").mode());
    Users.as(
        Users.USER,
        () -> {
          place.write("shared/theirs", "x");
          place.mkdir("shared/below");
        });
    assertEquals(GROUP, place.stat("shared/theirs").gid());
    assertEquals(Users.USER, place.stat("shared/theirs").uid());
    assertEquals(FileMode.DIRECTORY | 02755, place.stat("shared/below").mode());
  }

  @Scenario
  void aSetGroupIdFileOfAGroupOneIsNotInLosesTheBit(Place place) throws Throwable {
    place.mkdir("shared");
    place.chown("shared", 0, GROUP);
    place.chmod("shared", 02777);
    Users.as(
        Users.USER,
        () -> {
          place.close(place.open("shared/new", Posix.O_RDWR | Posix.O_CREAT, 02775));
          place.write("shared/file", "x");
          place.chmod("shared/file", 02755);
        });
    assertEquals(FileMode.REGULAR | 0755, place.stat("shared/new").mode());
    assertEquals(FileMode.REGULAR | 0755, place.stat("shared/file").mode());
  }

  @Scenario
  void writingTakesSetIdsAway(Place place) throws Throwable {
    for (String name : List.of("written", "truncated", "emptied", "allocated")) {
      place.write(name, "contents");
      place.chmod(name, 06777);
    }
    Users.as(
        Users.USER,
        () -> {
          Posix.writeAll(place.open("written", Posix.O_WRONLY), pattern(5), 2);
          place.truncate("truncated", 3);
          place.open("emptied", Posix.O_WRONLY | Posix.O_TRUNC);
          check(LIBC.fallocate(place.open("allocated", Posix.O_WRONLY), 0, 100, 100));
        });
    for (String name : List.of("written", "truncated", "emptied", "allocated")) {
      assertEquals(FileMode.REGULAR | 0777, place.stat(name).mode(), name);
    }
  }

  /** A file system that keeps modes cached must not go on showing the old one. */
  @Scenario
  void whoAsksForTheModeAloneSeesSetIdsGone(Place place) throws Throwable {
    for (String name : List.of("appended", "allocated", "copied")) {
      place.write(name, "contents");
      place.chmod(name, 06777);
      assertEquals(FileMode.REGULAR | 06777, Posix.mode(place.path(name)), name);
    }
    place.write("source", "bytes");
    place.chmod("source", 0644);
    Users.as(
        Users.USER,
        () -> {
          Posix.writeAll(place.open("appended", Posix.O_WRONLY | Posix.O_APPEND), pattern(5), 0);
          check(LIBC.fallocate(place.open("allocated", Posix.O_WRONLY), 0, 100, 100));
          int from = place.open("source", Posix.O_RDONLY);
          int to = place.open("copied", Posix.O_WRONLY);
          check(LIBC.copy_file_range(from, null, to, null, 5, 0));
        });
    for (String name : List.of("appended", "allocated", "copied")) {
      assertEquals(FileMode.REGULAR | 0777, Posix.mode(place.path(name)), name);
    }
  }

  @Scenario
  void rootsWritesKeepSetIds(Place place) {
    place.write("file", "contents");
    place.chmod("file", 06755);
    place.write("file", "other");
    assertEquals(FileMode.REGULAR | 06755, place.stat("file").mode());
    place.truncate("file", 2);
    assertEquals(FileMode.REGULAR | 06755, place.stat("file").mode());
  }

  @Scenario
  void aNewOwnerTakesSetIdsAway(Place place) throws Throwable {
    place.write("file", "x");
    place.chmod("file", 06755);
    place.chown("file", Users.USER, -1);
    assertEquals(FileMode.REGULAR | 0755, place.stat("file").mode());
    place.chmod("file", 06755);
    place.chown("file", -1, GROUP);
    assertEquals(FileMode.REGULAR | 0755, place.stat("file").mode());
    // Without the right to execute, set-group-ID means something else and stays.
    place.chmod("file", 02644);
    place.chown("file", -1, 0);
    assertEquals(FileMode.REGULAR | 02644, place.stat("file").mode());
    place.mkdir("directory");
    place.chmod("directory", 02755);
    place.chown("directory", Users.USER, GROUP);
    assertEquals(FileMode.DIRECTORY | 02755, place.stat("directory").mode());
  }

  @Scenario
  void aSetUserIdProgramRunsAsItsOwner(Place place) {
    place.run("cp", "/usr/bin/id", "program");
    place.chown("program", Users.OTHER, Users.OTHER);
    place.chmod("program", 06755);
    String said = place.runAsUser("./program");
    assertTrue(said.contains("euid=" + Users.OTHER), said);
    assertTrue(said.contains("egid=" + Users.OTHER), said);
  }

  @Scenario
  void writingTakesCapabilitiesAway(Place place) {
    place.write("file", "x");
    String name = "security.capability";
    byte[] capability = new byte[20];
    // VFS_CAP_REVISION_2, effective: CAP_NET_RAW.
    capability[3] = 2;
    capability[0] = 1;
    capability[5] = 0x20;
    Posix.setXattr(place.path("file"), name, capability);
    assertArrayEquals(capability, Posix.getXattr(place.path("file"), name));
    Posix.writeAll(place.open("file", Posix.O_WRONLY), pattern(5), 0);
    assertFails(Errno.ENODATA, () -> Posix.getXattr(place.path("file"), name));
    Posix.setXattr(place.path("file"), name, capability);
    place.chown("file", Users.USER, -1);
    assertFails(Errno.ENODATA, () -> Posix.getXattr(place.path("file"), name));
  }
}
