package dev.firn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.region.Region;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What users may get wrong: one line, the right exit status, nothing half made. */
class BadInputIT {
  @TempDir static Path directory;

  private static FirnCommand firn;
  private static Path mount;
  private static String before;

  @BeforeAll
  static void open() throws IOException {
    firn = new FirnCommand(directory);
    firn.run("volume", "create", "data", "--size", "2G").line();
    mount = firn.mountPoint("mount");
    firn.run("mount", "data", mount).succeeded();
    Files.writeString(mount.resolve("file"), "kept");
    firn.run("snapshot", "create", "data", "--name", "first").line();
    before = everything();
  }

  @AfterAll
  static void close() throws IOException {
    firn.close();
  }

  @AfterEach
  void nothingHasChanged() throws IOException {
    assertEquals(before, everything());
    assertEquals("kept", Files.readString(mount.resolve("file")));
    assertEquals(List.of(mount.toRealPath()), firn.mounted());
  }

  private static String everything() {
    return firn.run("volume", "list", "--json").succeeded().output()
        + firn.run("snapshot", "list", "--json").succeeded().output();
  }

  @Test
  void unknownVolume() throws IOException {
    Path empty = firn.mountPoint("empty");
    firn.run("volume", "show", "nothing").failed(3, "'nothing'");
    firn.run("volume", "delete", "vol-00000000").failed(3, "'vol-00000000'");
    firn.run("volume", "resize", "nothing", "4G").failed(3, "'nothing'");
    firn.run("volume", "rename", "nothing", "something").failed(3, "'nothing'");
    firn.run("mount", "nothing", empty).failed(3, "'nothing'");
    firn.run("snapshot", "create", "nothing").failed(3, "'nothing'");
    firn.run("snapshot", "list", "--volume", "nothing").failed(3, "'nothing'");
  }

  @Test
  void unknownSnapshot() throws IOException {
    Path empty = firn.mountPoint("empty");
    firn.run("snapshot", "show", "data@nothing").failed(3, "'data@nothing'");
    firn.run("snapshot", "show", "data@-7").failed(3, "data");
    firn.run("snapshot", "delete", "data@first", "snap-00000000").failed(3, "'snap-00000000'");
    firn.run("mount", "data@nothing", empty).failed(3, "'data@nothing'");
    firn.run("diff", "data@nothing", "data").failed(3, "'data@nothing'");
    firn.run("rollback", "data", "data@nothing").failed(3, "'data@nothing'");
    firn.run("volume", "create", "copy", "--from", "data@nothing").failed(3, "'data@nothing'");
  }

  @Test
  void aNameAlreadyTaken() {
    firn.run("volume", "create", "data", "--size", "1G").failed(4, "'data'");
    firn.run("snapshot", "create", "data", "--name", "first").failed(4, "first");
  }

  @Test
  void sizes() {
    for (String size : List.of("0", "-1G", "four", "14902G", "15T", "9".repeat(30), "")) {
      firn.run("volume", "create", "other", "--size", size).failed(2, "size");
      firn.run("volume", "resize", "data", size).failed(2, "size");
    }
    firn.run("volume", "create", "other").failed(2, "--size");
    firn.run("volume", "resize", "data", "1G").failed(4, "data");
  }

  @Test
  void aVolumeFromASnapshotMayNotBeSmaller() {
    firn.run("volume", "create", "copy", "--from", "data@first", "--size", "1G")
        .failed(2, "smaller than snapshot");
  }

  @Test
  void mountPoints() throws IOException {
    firn.run("volume", "create", "second", "--size", "1G").line();
    Path missing = directory.resolve("missing");
    firn.run("mount", "second", missing).failed(3, "no such directory");
    Path file = Files.writeString(directory.resolve("a file"), "");
    firn.run("mount", "second", file).failed(4, "not a directory");
    Path full = firn.mountPoint("full");
    Files.writeString(full.resolve("entry"), "");
    firn.run("mount", "second", full).failed(4, "not empty");
    firn.run("mount", "second", mount).failed(4, mount.toString());
    Path inside = Files.createDirectories(firn.home().resolve("tmp/inside"));
    firn.run("mount", "second", inside).failed(2, "inside the home");
    firn.run("mount", "second", firn.home().getParent()).failed(2, "home inside it");
    firn.run("mount", "second", directory.resolve("link/..").resolve("missing")).failed(3, "");
    firn.run("volume", "delete", "second").succeeded();
  }

  @Test
  void aPointWhereSomethingElseIsMounted() throws IOException {
    Path taken = firn.mountPoint("taken");
    firn.shell("mount -t tmpfs none '" + taken + "'").succeeded();
    try {
      firn.run("mount", "data@first", taken).failed(4, "tmpfs");
      firn.run("umount", taken).failed(3, "nothing of Firn");
    } finally {
      firn.shell("umount '" + taken + "'").succeeded();
    }
  }

  @Test
  void aVolumeMountedTwice() throws IOException {
    firn.run("mount", "data", firn.mountPoint("empty")).failed(4, mount.toString());
  }

  @Test
  void whatCannotBeDoneToAMountedVolume() {
    firn.run("volume", "delete", "data").failed(4, mount.toString());
    firn.run("rollback", "data", "data@first").failed(4, mount.toString());
  }

  @Test
  void unmountingWhatIsNotMounted() throws IOException {
    firn.run("umount", firn.mountPoint("empty")).failed(3, "nothing of Firn");
    firn.run("umount", directory.resolve("missing")).failed(3, "nothing of Firn");
  }

  @Test
  void anUnknownTransport() throws IOException {
    firn.run("mount", "data@first", firn.mountPoint("empty"), "--transport", "pigeon")
        .failed(2, "'kernel' and 'jnr-fuse'");
  }

  @Test
  void writingIntoASnapshot() {
    String past = mount + "/.snapshots/first";
    assertRefused("echo x > '" + past + "/new'");
    assertRefused("echo x > '" + past + "/file'");
    assertRefused("rm '" + past + "/file'");
    assertRefused("mkdir '" + past + "/new'");
    assertRefused("chmod 600 '" + past + "/file'");
    assertRefused("echo x > '" + mount + "/.snapshots/new'");
    assertRefused("rmdir '" + mount + "/.snapshots'");
  }

  private static void assertRefused(String script) {
    assertFalse(firn.shell(script).status() == 0, script);
  }

  @Test
  void withoutLibfuseOrDevice() throws IOException {
    // In a mount namespace of its own, a home of its own finds neither.
    String firnCommand = "'" + System.getProperty("firn.launcher") + "'";
    String home = directory.resolve("elsewhere").toString();
    Path empty = firn.mountPoint("empty");
    String library = firn.shell("ldconfig -p | sed -n 's/.*libfuse.so.2 .*=> //p'").line();
    for (String[] hidden :
        new String[][] {
          {"/dev/fuse", "modprobe fuse", "kernel"},
          {library, "apt-get install libfuse2", "jnr-fuse"}
        }) {
      FirnCommand.Result result =
          firn.shell(
              "export FIRN_HOME='"
                  + home
                  + "'; unshare -m sh -c \"mount --bind /dev/null "
                  + hidden[0]
                  + " && "
                  + firnCommand
                  + " volume create v --size 1G >/dev/null;"
                  + firnCommand
                  + " mount --transport "
                  + hidden[2]
                  + " v '"
                  + empty
                  + "'; status=\\$?; "
                  + firnCommand
                  + " volume delete v; "
                  + firnCommand
                  + " daemon stop; exit \\$status\"");
      result.failed(1, hidden[1]);
    }
  }

  @Test
  void aHomeOfANewerVersion() throws IOException {
    Path newer = directory.resolve("newer");
    firn.run("--home", newer, "init").succeeded();
    Files.writeString(newer.resolve("format"), "999\n");
    firn.run("--home", newer, "volume", "list").failed(1, "newer Firn");
  }

  @Test
  void aHomeOwnedByAnotherProcess() throws IOException {
    Path owned = directory.resolve("owned");
    Region region = Region.open(owned);
    try {
      firn.run("--home", owned, "volume", "list")
          .failed(4, "process " + ProcessHandle.current().pid());
    } finally {
      region.close();
    }
  }

  @Test
  void aHomeThatIsSomethingElse() throws IOException {
    Path file = Files.writeString(directory.resolve("not a home"), "");
    firn.run("--home", file, "volume", "list").failed(2, "not a directory");
    Path other = Files.createDirectories(directory.resolve("other"));
    Files.writeString(other.resolve("letter"), "");
    firn.run("--home", other, "volume", "list").failed(2, "neither a Firn home nor empty");
    assertTrue(Files.exists(other.resolve("letter")));
    Path deep = directory.resolve("d".repeat(100));
    firn.run("--home", deep, "volume", "list").failed(2, "shorter path");
  }
}
