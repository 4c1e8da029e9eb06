package dev.firn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.cli.FirnCommand.Result;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the daemon comes, goes, and comes back. */
class DaemonIT {
  @TempDir Path directory;

  private FirnCommand firn;

  @BeforeEach
  void open() {
    firn = new FirnCommand(directory);
  }

  @AfterEach
  void close() throws Exception {
    firn.close();
  }

  @Test
  void theFirstCommandMakesTheHomeAndStartsTheDaemon() throws Exception {
    firn.run("daemon", "status").failed(3, "no daemon runs");
    assertFalse(Files.exists(firn.home()));
    JsonNode region = firn.run("region", "show", "--json").json();
    assertEquals("local-1", region.get("name").asText());
    assertEquals("[\"local-1a\"]", region.get("subregions").toString());
    long pid = firn.pid();
    assertTrue(ProcessHandle.of(pid).isPresent());
    assertEquals(pid, Long.parseLong(firn.run("daemon", "start").line()));
    firn.run("daemon", "stop").succeeded();
    FirnCommand.awaitEnd(pid);
    firn.run("daemon", "status").failed(3, "no daemon runs");
    assertEquals(0, firn.run("daemon", "stop").status());
  }

  @Test
  void aDaemonIsASessionOfItsOwnWithoutTheCommandsStreams() throws Exception {
    long pid = Long.parseLong(firn.run("daemon", "start").line());
    String status = Files.readString(Path.of("/proc/" + pid + "/stat"));
    String[] fields = status.substring(status.lastIndexOf(')') + 2).split(" ");
    assertEquals(Long.toString(pid), fields[3], "the session's id");
    assertEquals(Path.of("/"), Path.of("/proc/" + pid + "/cwd").toRealPath());
    assertEquals(Path.of("/dev/null"), Path.of("/proc/" + pid + "/fd/0").toRealPath());
  }

  @Test
  void initNamesRegionAndSubregions() {
    firn.run("init", "--region", "paris-1", "--subregion", "paris-1a", "--subregion", "paris-1b")
        .succeeded();
    firn.run("init", "--region", "lyon-1").failed(4, "exists already");
    JsonNode region = firn.run("region", "show", "--json").json();
    assertEquals("paris-1", region.get("name").asText());
    assertEquals("[\"paris-1a\",\"paris-1b\"]", region.get("subregions").toString());
  }

  @Test
  void mountsComeBackAfterAStop() throws Exception {
    Path mount = mounted("data");
    Files.writeString(mount.resolve("file"), "kept");
    firn.run("snapshot", "create", "data", "--name", "first").line();
    Path past = firn.mountPoint("past");
    firn.run("mount", "data@first", past).succeeded();
    firn.run("daemon", "stop").succeeded();
    assertEquals(List.of(), firn.mounted());
    firn.run("daemon", "start").line();
    assertEquals("kept", Files.readString(mount.resolve("file")));
    assertEquals("kept", Files.readString(past.resolve("file")));
    firn.run("umount", mount).succeeded();
    firn.run("umount", past).succeeded();
    restart();
    assertEquals(List.of(), firn.mounted());
  }

  @Test
  void sigtermMakesEverythingDurableAndExitsZero() throws Exception {
    firn.run("daemon", "start").line();
    firn.run("daemon", "stop").succeeded();
    Process daemon = daemon();
    readyOf(daemon);
    Path mount = mounted("data");
    Files.write(mount.resolve("file"), new byte[3 << 20]);
    daemon.destroy();
    assertEquals(0, daemon.waitFor());
    assertEquals(List.of(), firn.mounted());
    firn.run("daemon", "start").line();
    assertEquals(3 << 20, Files.size(mount.resolve("file")));
  }

  @Test
  void sigtermDoesNotWaitForThoseWhoUseAMount() throws Exception {
    Process daemon = daemon();
    readyOf(daemon);
    Path mount = mounted("data");
    Files.writeString(mount.resolve("file"), "kept");
    Process user = new ProcessBuilder("sleep", "1000").directory(mount.toFile()).start();
    try {
      firn.run("umount", mount).failed(4, "sleep");
      daemon.destroy();
      assertEquals(0, daemon.waitFor());
    } finally {
      user.destroyForcibly().waitFor();
    }
    firn.run("daemon", "start").line();
    assertEquals("kept", Files.readString(mount.resolve("file")));
  }

  @Test
  void aSecondDaemonIsRefused() throws Exception {
    long pid = Long.parseLong(firn.run("daemon", "start").line());
    Result second = FirnCommand.finish(daemon(), InputStream.nullInputStream());
    assertEquals(4, second.status());
    assertTrue(second.output().contains("process " + pid), second.output());
    assertEquals(pid, firn.pid());
  }

  @Test
  void commandsThatStartTogetherEndUpWithOneDaemon() throws Exception {
    List<Process> commands = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      commands.add(firn.start("volume", "create", "volume-" + i, "--size", "1G"));
    }
    for (Process command : commands) {
      FirnCommand.finish(command, InputStream.nullInputStream()).line();
    }
    assertEquals(6, firn.run("volume", "list", "--json").json().size());
    long daemons =
        ProcessHandle.allProcesses()
            .flatMap(process -> process.info().commandLine().stream())
            .filter(line -> line.contains("dev.firn.daemon.Daemon " + firn.home()))
            .count();
    assertEquals(1, daemons);
  }

  @Test
  void afterKillTheNextCommandRecovers() throws Exception {
    Path mount = mounted("data");
    Files.writeString(mount.resolve("synced"), "safe");
    firn.shell("sync '" + mount.resolve("synced") + "'").succeeded();
    long pid = firn.pid();
    ProcessHandle.of(pid).orElseThrow().destroyForcibly();
    FirnCommand.awaitEnd(pid);
    JsonNode volumes = firn.run("volume", "list", "--json").json();
    assertEquals("data", volumes.get(0).get("name").asText());
    assertEquals("safe", Files.readString(mount.resolve("synced")));
  }

  @Test
  void anUnmountFromOutsideIsForGood() throws Exception {
    for (String tool : List.of("umount", "fusermount3 -u")) {
      Path mount = mounted("data");
      Files.writeString(mount.resolve("file"), tool);
      firn.shell(tool + " '" + mount + "'").succeeded();
      awaitNoMounts();
      restart();
      assertEquals(List.of(), firn.mounted());
      firn.run("mount", "data", mount).succeeded();
      assertEquals(tool, Files.readString(mount.resolve("file")));
      firn.run("umount", mount).succeeded();
      firn.run("volume", "delete", "data").succeeded();
    }
  }

  @Test
  void aMountThatCannotComeBackIsToldAndCanBeForgotten() throws Exception {
    Path mount = mounted("data");
    firn.run("daemon", "stop").succeeded();
    Files.writeString(mount.resolve("in the way"), "");
    Result started = firn.run("daemon", "start");
    assertEquals(0, started.status(), started.errors());
    assertTrue(started.errors().contains("not empty"), started.errors());
    JsonNode status = firn.run("daemon", "status", "--json").json().get("mounts").get(0);
    assertEquals("failed", status.get("state").asText());
    assertEquals(mount.toString(), status.get("directory").asText());
    firn.run("umount", mount).succeeded();
    restart();
    assertTrue(firn.run("daemon", "status", "--json").json().get("mounts").isEmpty());
  }

  @Test
  void namesMayHaveBlanksAndAnyLetters() {
    firn.with("LC_ALL", "C").with("LANG", null);
    Result result =
        firn.shell(
            """
            set -eu
            export FIRN_HOME="$PWD/mein Heim äß"
            mount="$PWD/größe in Ω"
            mkdir "$mount"
            "$FIRN" volume create data --size 1G >/dev/null
            "$FIRN" mount data "$mount"
            echo text >"$mount/naïve 文"
            "$FIRN" snapshot create data --name first --description 'Δ' >/dev/null
            "$FIRN" snapshot show data@first | grep Δ
            rm "$mount/naïve 文"
            "$FIRN" diff data@first data
            "$FIRN" daemon stop
            "$FIRN" volume show data | grep -o "$mount"
            "$FIRN" umount "$mount"
            "$FIRN" daemon stop
            """);
    assertTrue(
        result
            .succeeded()
            .output()
            .matches("Description: +Δ\nD naïve 文\n" + directory + "/größe in Ω\n"),
        result.output());
  }

  @Test
  void theLauncherWorksThroughALink() throws Exception {
    Path link = Files.createSymbolicLink(directory.resolve("a link"), launcher());
    Result version = firn.shell("cd / && '" + link + "' --version");
    assertTrue(version.line().startsWith("firn "), version.output());
  }

  @Test
  void whatTheJvmComplainsAboutIsTold() {
    firn.with("FIRN_DAEMON_OPTS", "-XX:NoSuchOption");
    firn.run("volume", "list").failed(1, "NoSuchOption");
  }

  private Path mounted(String volume) throws Exception {
    firn.run("volume", "create", volume, "--size", "1G").line();
    Path mount = firn.mountPoint("mount");
    firn.run("mount", volume, mount).succeeded();
    return mount;
  }

  private void restart() {
    firn.run("daemon", "stop").succeeded();
    firn.run("daemon", "start").line();
  }

  private void awaitNoMounts() throws Exception {
    while (!firn.run("daemon", "status", "--json").json().get("mounts").isEmpty()) {
      Thread.sleep(20);
    }
  }

  /** A daemon as a child of this process, which therefore learns its exit status. */
  private Process daemon() throws Exception {
    Path jar = launcher().resolveSibling("../target/firn.jar").normalize();
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Dfile.encoding=ISO-8859-1",
            "-Xmx256m",
            "-cp",
            jar.toString(),
            "dev.firn.daemon.Daemon",
            firn.home().toString())
        .start();
  }

  private static void readyOf(Process daemon) throws Exception {
    assertEquals("ready", daemon.inputReader().readLine());
  }

  private static Path launcher() {
    return Path.of(System.getProperty("firn.launcher"));
  }
}
