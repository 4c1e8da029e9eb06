package dev.firn.fuse.posix;

import static dev.firn.fuse.PosixAssertions.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.fuse.Posix;
import dev.firn.vfs.FileMode;
import java.util.List;
import java.util.Set;
import jnr.constants.platform.Errno;

/** POSIX access control lists, by the commands people use. */
final class AclScenarios {
  @Scenario
  void aNamedUserGetsWhatTheListSays(Place place) throws Throwable {
    place.write("file", "x");
    place.chmod("file", 0600);
    Users.as(Users.USER, () -> assertFails(Errno.EACCES, () -> place.text("file")));
    place.run("setfacl", "-m", "u:1000:r", "file");
    Users.as(
        Users.USER,
        () -> {
          assertEquals("x", place.text("file"));
          assertFails(Errno.EACCES, () -> place.open("file", Posix.O_RDWR));
        });
    Users.as(Users.OTHER, () -> assertFails(Errno.EACCES, () -> place.text("file")));
    place.run("setfacl", "-x", "u:1000", "file");
    Users.as(Users.USER, () -> assertFails(Errno.EACCES, () -> place.text("file")));
  }

  @Scenario
  void aNamedGroupGetsWhatTheListSays(Place place) throws Throwable {
    place.write("file", "x");
    place.chmod("file", 0600);
    place.run("setfacl", "-m", "g:5000:rw", "file");
    Users.as(Users.USER, List.of(5000), () -> place.close(place.open("file", Posix.O_RDWR)));
    Users.as(Users.USER, () -> assertFails(Errno.EACCES, () -> place.open("file", Posix.O_RDONLY)));
  }

  @Scenario
  void theMaskLimitsAndFollowsTheMode(Place place) throws Throwable {
    place.write("file", "x");
    place.chmod("file", 0640);
    place.run("setfacl", "-m", "u:1000:rw", "file");
    assertEquals(FileMode.REGULAR | 0660, place.stat("file").mode());
    Users.as(Users.USER, () -> place.close(place.open("file", Posix.O_RDWR)));
    place.chmod("file", 0640);
    Users.as(Users.USER, () -> assertFails(Errno.EACCES, () -> place.open("file", Posix.O_RDWR)));
    assertEquals(
        "user::rw-\nuser:1000:rw-\t#effective:r--\ngroup::r--\nmask::r--\nother::---",
        place.run("getfacl", "-cn", "file").replaceAll("\t+", "\t"));
    place.run("setfacl", "-m", "m::rw", "file");
    assertEquals(FileMode.REGULAR | 0660, place.stat("file").mode());
    Users.as(Users.USER, () -> place.close(place.open("file", Posix.O_RDWR)));
  }

  @Scenario
  void aListThatSaysNoMoreThanTheModeIsNone(Place place) {
    place.write("file", "x");
    place.run("setfacl", "-m", "u::rwx,g::r,o::-", "file");
    assertEquals(FileMode.REGULAR | 0740, place.stat("file").mode());
    assertEquals(Set.of(), Posix.listXattrs(place.path("file")));
    place.run("setfacl", "-m", "u:1000:r", "file");
    assertEquals(Set.of("system.posix_acl_access"), Posix.listXattrs(place.path("file")));
    place.run("setfacl", "-b", "file");
    assertEquals(Set.of(), Posix.listXattrs(place.path("file")));
    assertEquals(FileMode.REGULAR | 0740, place.stat("file").mode());
  }

  @Scenario
  void defaultListsAreInheritedInPlaceOfTheUmask(Place place) throws Throwable {
    place.mkdir("d");
    place.chmod("d", 0777);
    place.run("setfacl", "-d", "-m", "u:1000:rwx,g::rwx,o::rx", "d");
    place.run("sh", "-c", "umask 077; : >d/file; mkdir d/below; : >d/below/file; mkfifo d/fifo");
    assertEquals(FileMode.REGULAR | 0664, place.stat("d/file").mode());
    assertEquals(FileMode.DIRECTORY | 0775, place.stat("d/below").mode());
    assertEquals(FileMode.REGULAR | 0664, place.stat("d/below/file").mode());
    assertEquals(FileMode.FIFO | 0664, place.stat("d/fifo").mode());
    assertEquals(place.run("getfacl", "-cdn", "d"), place.run("getfacl", "-cdn", "d/below"));
    Users.as(Users.USER, () -> place.close(place.open("d/below/file", Posix.O_RDWR)));
    Users.as(
        Users.OTHER,
        () -> assertFails(Errno.EACCES, () -> place.open("d/below/file", Posix.O_RDWR)));
    // Without a default list the umask counts.
    place.mkdir("plain");
    place.run("sh", "-c", "umask 077; : >plain/file");
    assertEquals(FileMode.REGULAR | 0600, place.stat("plain/file").mode());
  }

  @Scenario
  void creationModesLimitInheritedLists(Place place) throws Throwable {
    place.mkdir("d");
    place.chmod("d", 0777);
    place.run("setfacl", "-d", "-m", "u:1000:rwx", "d");
    place.close(place.open("d/private", Posix.O_RDWR | Posix.O_CREAT, 0600));
    assertEquals(FileMode.REGULAR | 0600, place.stat("d/private").mode());
    Users.as(
        Users.USER, () -> assertFails(Errno.EACCES, () -> place.open("d/private", Posix.O_RDONLY)));
    int temporary = place.open("d", Posix.O_RDWR | Posix.O_TMPFILE, 0666);
    assertEquals(FileMode.REGULAR | 0666, Posix.stat(temporary).mode());
  }

  @Scenario
  void copiesKeepTheList(Place place) {
    place.write("file", "x");
    place.run("setfacl", "-m", "u:1000:rw,g:2000:r", "file");
    place.mkdir("d");
    place.run("setfacl", "-d", "-m", "u:1000:rwx", "d");
    place.run("cp", "-a", "file", "copy");
    place.run("cp", "-a", "d", "d2");
    assertEquals(place.run("getfacl", "-cn", "file"), place.run("getfacl", "-cn", "copy"));
    assertEquals(place.run("getfacl", "-cn", "d"), place.run("getfacl", "-cn", "d2"));
    place.run("sh", "-c", "getfacl -n file d >saved && setfacl -b file && setfacl -k d");
    place.run("setfacl", "--restore=saved");
    assertEquals(place.run("getfacl", "-cn", "copy"), place.run("getfacl", "-cn", "file"));
  }

  @Scenario
  void listsOnDirectoriesDecideWhoMayEnter(Place place) throws Throwable {
    place.mkdir("d");
    place.write("d/file", "x");
    place.chmod("d", 0700);
    place.run("setfacl", "-m", "u:1000:x", "d");
    Users.as(
        Users.USER,
        () -> {
          assertEquals("x", place.text("d/file"));
          assertFails(Errno.EACCES, () -> place.list("d"));
        });
    Users.as(Users.OTHER, () -> assertFails(Errno.EACCES, () -> place.text("d/file")));
  }

  @Scenario
  void onlyTheOwnerChangesTheList(Place place) {
    place.write("file", "x");
    place.chmod("file", 0666);
    assertNotEquals(
        0,
        place
            .attempt("setpriv", "--reuid=1000", "--clear-groups", "setfacl", "-m", "u:1:r", "file")
            .status());
    place.chown("file", Users.USER, Users.USER);
    place.runAsUser("setfacl", "-m", "u:2000:r", "file");
    assertTrue(place.run("getfacl", "-cn", "file").contains("user:2000:r--"));
    place.symlink("file", "link");
    assertFails(
        Errno.EOPNOTSUPP,
        () -> Posix.setXattr(place.path("link"), "system.posix_acl_access", new byte[4]));
  }
}
