package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.firn.fuse.Posix;
import dev.firn.vfs.FileMode;
import java.util.List;
import java.util.Set;
import jnr.constants.platform.Errno;

/** Who may do what, by mode bits. */
final class PermissionScenarios {
  private static final int R_OK = 4;
  private static final int W_OK = 2;
  private static final int X_OK = 1;

  @Scenario
  void modesDecideForOwnerGroupAndOthers(Place place) throws Throwable {
    place.write("file", "x");
    place.chown("file", Users.USER, Users.OTHER);
    int third = 3000;
    for (int mode : new int[] {0400, 0200, 0040, 0020, 0004, 0002, 0604, 0}) {
      place.chmod("file", mode);
      Users.as(Users.USER, () -> assertAccess(place, mode >> 6 & 7));
      Users.as(Users.OTHER, () -> assertAccess(place, mode >> 3 & 7));
      Users.as(third, List.of(Users.OTHER), () -> assertAccess(place, mode >> 3 & 7));
      Users.as(third, () -> assertAccess(place, mode & 7));
    }
    // The owner has the owner's bits, even if others have more; root has all.
    place.chmod("file", 0077);
    Users.as(Users.USER, () -> assertAccess(place, 0));
    assertAccess(place, R_OK | W_OK);
  }

  private static void assertAccess(Place place, int allowed) {
    for (int flags : new int[] {Posix.O_RDONLY, Posix.O_WRONLY, Posix.O_RDWR}) {
      int needed = flags == Posix.O_RDONLY ? R_OK : flags == Posix.O_WRONLY ? W_OK : R_OK | W_OK;
      if ((allowed & needed) == needed) {
        place.close(place.open("file", flags));
      } else {
        assertFails(Errno.EACCES, () -> place.open("file", flags));
      }
    }
  }

  @Scenario
  void directoriesAskForSearchAndWriteRights(Place place) throws Throwable {
    place.mkdir("d");
    place.write("d/file", "x");
    place.chown("d", Users.USER, Users.USER);
    Users.as(
        Users.USER,
        () -> {
          place.chmod("d", 0600);
          assertFails(Errno.EACCES, () -> place.stat("d/file"));
          assertEquals(Set.of("file"), place.list("d"));
          place.chmod("d", 0100);
          assertEquals("x", place.text("d/file"));
          assertFails(Errno.EACCES, () -> place.list("d"));
          assertFails(Errno.EACCES, () -> place.unlink("d/file"));
          assertFails(Errno.EACCES, () -> place.write("d/new", "x"));
          assertFails(Errno.EACCES, () -> place.rename("d/file", "d/other"));
          place.chmod("d", 0300);
          place.write("d/new", "x");
          place.unlink("d/file");
        });
    assertEquals(Users.USER, place.stat("d/new").uid());
    Users.as(Users.OTHER, () -> assertFails(Errno.EACCES, () -> place.mkdir("mine")));
  }

  @Scenario
  void stickyDirectoriesProtectOthersFiles(Place place) throws Throwable {
    place.mkdir("shared");
    place.chmod("shared", 01777);
    place.mkdir("open");
    place.chmod("open", 0777);
    Users.as(
        Users.USER,
        () -> {
          place.write("shared/file", "x");
          place.write("open/file", "x");
          place.mkdir("shared/d");
        });
    Users.as(
        Users.OTHER,
        () -> {
          assertFails(Errno.EPERM, () -> place.unlink("shared/file"));
          assertFails(Errno.EPERM, () -> place.rmdir("shared/d"));
          assertFails(Errno.EPERM, () -> place.rename("shared/file", "shared/other"));
          place.write("shared/own", "x");
          assertFails(Errno.EPERM, () -> place.rename("shared/own", "shared/file"));
          place.unlink("open/file");
        });
    Users.as(Users.USER, () -> place.unlink("shared/file"));
    assertEquals(Set.of("d", "own"), place.list("shared"));
  }

  @Scenario
  void onlyTheOwnerChangesModeOwnerAndTimes(Place place) throws Throwable {
    place.write("file", "x");
    place.chown("file", Users.USER, Users.USER);
    place.chmod("file", 0666);
    Users.as(
        Users.OTHER,
        () -> {
          assertFails(Errno.EPERM, () -> place.chmod("file", 0777));
          assertFails(Errno.EPERM, () -> place.chown("file", Users.OTHER, -1));
          assertFails(Errno.EPERM, () -> place.chown("file", -1, Users.OTHER));
          assertFails(Errno.EPERM, () -> Posix.setTimes(place.path("file"), 1, 0, 1, 0));
          // Whoever may write may set them to now.
          Posix.setTimes(place.path("file"), 0, Posix.UTIME_NOW, 0, Posix.UTIME_NOW);
        });
    place.chmod("file", 0644);
    Users.as(
        Users.OTHER,
        () ->
            assertFails(
                Errno.EACCES,
                () -> Posix.setTimes(place.path("file"), 0, Posix.UTIME_NOW, 0, Posix.UTIME_NOW)));
    Users.as(
        Users.USER,
        List.of(5000),
        () -> {
          place.chmod("file", 0600);
          Posix.setTimes(place.path("file"), 1, 0, 1, 0);
          assertFails(Errno.EPERM, () -> place.chown("file", Users.OTHER, -1));
          assertFails(Errno.EPERM, () -> place.chown("file", -1, Users.OTHER));
          place.chown("file", -1, 5000);
        });
    assertEquals(5000, place.stat("file").gid());
    assertEquals(1, place.stat("file").modifyTime().getEpochSecond());
  }

  /** Even one that says who owned the file before, or nothing. */
  @Scenario
  void aChangeOfOwnersTakesPrivilegesAway(Place place) {
    int[][] owners = {{-1, -1}, {0, -1}, {-1, 0}, {Users.USER, Users.USER}};
    for (int[] owner : owners) {
      place.write("file", "x");
      place.chmod("file", 07232);
      place.chown("file", owner[0], owner[1]);
      assertEquals(01232, place.stat("file").mode() & 07777);
      // Without the group's right to execute it is no privilege of a group.
      place.chmod("file", 06644);
      place.chown("file", -1, -1);
      assertEquals(02644, place.stat("file").mode() & 07777);
      place.unlink("file");
    }
    place.mkdir("d");
    place.chmod("d", 06755);
    place.chown("d", -1, -1);
    assertEquals(06755, place.stat("d").mode() & 07777);
  }

  @Scenario
  void openFilesOutliveTheirRights(Place place) throws Throwable {
    place.write("file", "x");
    place.chown("file", Users.USER, Users.USER);
    Users.as(
        Users.USER,
        () -> {
          int fd = place.open("file", Posix.O_RDWR);
          place.chmod("file", 0);
          Posix.writeAll(fd, pattern(10), 0);
          assertArrayEquals(pattern(10), Posix.read(fd, 0, 100));
          check(LIBC.ftruncate(fd, 5));
          assertFails(Errno.EACCES, () -> place.open("file", Posix.O_RDONLY));
        });
    // A file can be made without any rights, and written by who made it.
    place.mkdir("d");
    place.chmod("d", 0777);
    Users.as(
        Users.USER,
        () -> {
          int fd = place.open("d/new", Posix.O_RDWR | Posix.O_CREAT, 0);
          Posix.writeAll(fd, pattern(10), 0);
          assertFails(Errno.EACCES, () -> place.open("d/new", Posix.O_RDONLY));
        });
  }

  @Scenario
  void truncationNeedsTheRightToWrite(Place place) throws Throwable {
    place.write("file", "x");
    place.chmod("file", 0644);
    Users.as(
        Users.USER,
        () -> {
          assertFails(Errno.EACCES, () -> place.truncate("file", 0));
          assertFails(Errno.EACCES, () -> place.open("file", Posix.O_RDONLY | Posix.O_TRUNC));
          assertFails(Errno.EPERM, () -> place.open("file", Posix.O_RDONLY | Posix.O_NOATIME));
        });
    assertEquals("x", place.text("file"));
  }

  @Scenario
  void accessAnswersForTheRealUser(Place place) {
    place.write("file", "x");
    place.chmod("file", 0754);
    assertEquals("r", place.runAsUser("sh", "-c", "test -r file && echo r"));
    assertNotEquals(0, place.attempt("setpriv", "--reuid=1000", "test", "-w", "file").status());
    check(LIBC.access(place.path("file"), R_OK | W_OK | X_OK));
    place.chmod("file", 0644);
    // Root may do everything but run what nobody may run.
    assertFails(Errno.EACCES, () -> check(LIBC.access(place.path("file"), X_OK)));
    assertFails(Errno.ENOENT, () -> check(LIBC.access(place.path("missing"), 0)));
  }

  @Scenario
  void theUmaskTakesRightsAway(Place place) {
    place.run("sh", "-c", "umask 027; : >file; mkdir d; mkfifo fifo");
    assertEquals(FileMode.REGULAR | 0640, place.stat("file").mode());
    assertEquals(FileMode.DIRECTORY | 0750, place.stat("d").mode());
    assertEquals(FileMode.FIFO | 0640, place.stat("fifo").mode());
    place.run("sh", "-c", "umask 0; : >open; mkdir everybody");
    assertEquals(FileMode.REGULAR | 0666, place.stat("open").mode());
    assertEquals(FileMode.DIRECTORY | 0777, place.stat("everybody").mode());
  }
}
