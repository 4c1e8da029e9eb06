package dev.firn.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.cli.FirnCommand;
import dev.firn.fuse.TestTransports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The daemon is killed at random moments while a mounted volume is written and the space of what is
 * deleted is given back, again and again. Afterwards the volume must be a prefix of the operations
 * that holds all that was synced, and every completed snapshot must be what it was.
 */
class KillIT {
  /** How often, over all ways together; {@code -Dfirn.kills=500} makes it a soak test. */
  private static final int KILLS = Integer.getInteger("firn.kills", 15);

  private static final int OPERATIONS_MAX = 20_000;
  private static final int LOAD_MILLIS_MAX = 1_500;

  @TempDir Path directory;

  /** Those ways in which requests can come here, of the mount option io_uring. */
  static List<String> ways() {
    return TestTransports.ringsAreOffered() ? List.of("off", "on") : List.of("off");
  }

  @ParameterizedTest
  @MethodSource("ways")
  void killedDaemonLosesNothingThatWasSynced(String way) throws Exception {
    Random random = Seeds.random("killedDaemonLosesNothingThatWasSynced, io_uring=" + way);
    int kills = (KILLS + ways().size() - 1) / ways().size();
    try (FirnCommand firn = new FirnCommand(directory)) {
      for (int round = 0; round < kills; round++) {
        String volume = "v" + round;
        Path mount = firn.mountPoint("mnt-" + round);
        firn.run("volume", "create", volume, "--size", "1G").succeeded();
        firn.run("mount", volume, mount, "-o", "io_uring=" + way).succeeded();
        OperationLog log = new OperationLog(new Random(random.nextLong()));
        Reclaiming reclaiming = new Reclaiming(firn.home());
        killWhileWorking(firn.pid(), log, mount, 50 + random.nextInt(LOAD_MILLIS_MAX));
        int runs = reclaiming.end();
        // Any command starts the daemon again, which brings the mount back.
        firn.run("volume", "show", volume).succeeded();
        verify(log, mount);
        firn.run("check").succeeded();
        System.out.println("space was given back " + runs + " times");
        firn.run("umount", mount).succeeded();
        firn.run("volume", "delete", volume).succeeded();
      }
    }
  }

  private static void killWhileWorking(long pid, OperationLog log, Path mount, int loadMillis)
      throws Exception {
    Thread writer = new Thread(() -> log.runUntilBroken(mount, OPERATIONS_MAX), "writer");
    writer.start();
    writer.join(loadMillis);
    ProcessHandle.of(pid).orElseThrow().destroyForcibly();
    FirnCommand.awaitEnd(pid);
    writer.join(TimeUnit.SECONDS.toMillis(30));
    assertTrue(!writer.isAlive(), "the writer hangs on a mount whose daemon is dead");
  }

  private static void verify(OperationLog log, Path mount) throws IOException {
    int prefix = log.prefixOf(mount);
    assertTrue(prefix >= 0, "the volume is no prefix of the operations: " + log.describe());
    assertTrue(
        prefix >= log.durable(),
        "operations that were synced are lost: " + prefix + " found, " + log.describe());
    for (Map.Entry<String, Integer> snapshot : log.snapshots().entrySet()) {
      Path past = mount.resolve(".snapshots").resolve(snapshot.getKey());
      assertTrue(log.isPrefix(past, snapshot.getValue()), "snapshot " + snapshot + " has changed");
    }
    Files.writeString(mount.resolve("after"), "goes on");
    assertEquals("goes on", Files.readString(mount.resolve("after")));
    System.out.println("killed: " + log.describe() + ", found " + prefix);
  }
}
