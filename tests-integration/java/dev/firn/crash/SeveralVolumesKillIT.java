package dev.firn.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.cli.FirnCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One home with several volumes, one of them a clone, lives on through many kills of its daemon,
 * while all are written, snapshots are taken and deleted, and space is given back. After each kill
 * every volume must be a prefix of its operations that holds all that was synced, and the snapshots
 * must be those that were completed and not deleted, each as it was, also those from many kills
 * before.
 */
class SeveralVolumesKillIT {
  /**
   * How often; {@code -Dfirn.kills=500} makes it a soak test. By itself as often as time allows.
   */
  private static final int KILLS = Integer.getInteger("firn.kills", 0);

  private static final int KILLS_MIN = 5;
  private static final long KILLING_NANOS = TimeUnit.SECONDS.toNanos(60);

  private static final int OPERATIONS_MAX = 20_000;
  private static final int LOAD_MILLIS_MIN = 20;
  private static final int LOAD_MILLIS_MAX = 900;
  private static final int SNAPSHOTS_KEPT = 2;
  private static final int SCRUB_ONE_IN = 8;

  @TempDir Path directory;

  @Test
  void killedDaemonLosesNothingOfAnyVolume() throws Exception {
    Random random = Seeds.random("killedDaemonLosesNothingOfAnyVolume");
    try (FirnCommand firn = new FirnCommand(directory)) {
      List<Load> loads = new ArrayList<>();
      for (String name : List.of("a", "b")) {
        firn.run("volume", "create", name, "--size", "1G").succeeded();
        loads.add(new Load(name, firn.mountPoint("mnt-" + name), random.nextLong()));
      }
      firn.run("mount", "a", loads.get(0).mount).succeeded();
      firn.run("mount", "b", loads.get(1).mount).succeeded();
      NavigableMap<String, byte[]> base = loads.get(0).fill();
      firn.run("snapshot", "create", "a", "--name", "base").succeeded();
      firn.run("volume", "create", "clone", "--from", "a@base").succeeded();
      Load clone = new Load("clone", firn.mountPoint("mnt-clone"), random.nextLong());
      clone.tree = base;
      firn.run("mount", "clone", clone.mount).succeeded();
      loads.get(0).snapshots.put("base", base);
      loads.add(clone);
      long start = System.nanoTime();
      for (int round = 0; isToGoOn(round, System.nanoTime() - start); round++) {
        int loadMillis = LOAD_MILLIS_MIN + random.nextInt(LOAD_MILLIS_MAX - LOAD_MILLIS_MIN);
        int reclaimed = killWhileWorking(firn, loads, loadMillis);
        // Brings all mounts back.
        firn.run("daemon", "start").line();
        StringBuilder told = new StringBuilder("kill " + round + ":");
        for (Load load : loads) {
          told.append(' ').append(load.verify());
        }
        System.out.println(told + "; space was given back " + reclaimed + " times");
        firn.run("check", "--heads-only").succeeded();
        if (round % SCRUB_ONE_IN == SCRUB_ONE_IN - 1) {
          firn.run("scrub").succeeded();
        }
      }
      firn.run("gc").succeeded();
      firn.run("check").succeeded();
      firn.run("scrub").succeeded();
      long operations = loads.stream().mapToLong(load -> load.operations).sum();
      assertTrue(operations > KILLS_MIN, "only " + operations + " operations were done");
    }
  }

  private static boolean isToGoOn(int kills, long nanos) {
    return KILLS > 0 ? kills < KILLS : kills < KILLS_MIN || nanos < KILLING_NANOS;
  }

  private static int killWhileWorking(FirnCommand firn, List<Load> loads, int loadMillis)
      throws Exception {
    long pid = Long.parseLong(Files.readString(firn.home().resolve("lock")).strip());
    Reclaiming reclaiming = new Reclaiming(firn.home());
    loads.forEach(Load::start);
    Thread.sleep(loadMillis);
    for (Load load : loads) {
      assertTrue(load.isAtWork(), "writing to " + load.name + " broke off before the kill");
    }
    ProcessHandle.of(pid).orElseThrow().destroyForcibly();
    FirnCommand.awaitEnd(pid);
    for (Load load : loads) {
      load.awaitEnd();
    }
    return reclaiming.end();
  }

  /** A volume, what it must hold, and who writes to it. */
  private static final class Load {
    private final String name;
    private final Path mount;
    private final Random random;
    private final NavigableMap<String, NavigableMap<String, byte[]>> snapshots = new TreeMap<>();
    private NavigableMap<String, byte[]> tree = new TreeMap<>();
    private OperationLog log;
    private Thread writer;
    private long operations;

    Load(String name, Path mount, long seed) {
      this.name = name;
      this.mount = mount;
      this.random = new Random(seed);
    }

    /** Writes something, all of it. */
    NavigableMap<String, byte[]> fill() {
      log = new OperationLog(random);
      log.runUntilBroken(mount, 200);
      tree = log.treeAfter(log.begun());
      log.snapshots().forEach((taken, count) -> snapshots.put(taken, log.treeAfter(count)));
      return tree;
    }

    void start() {
      List<String> known = new ArrayList<>(snapshots.keySet());
      Set<String> deletable =
          Set.copyOf(known.subList(0, Math.max(0, known.size() - SNAPSHOTS_KEPT)));
      log = new OperationLog(random, tree, deletable);
      writer = new Thread(() -> log.runUntilBroken(mount, OPERATIONS_MAX), "writer-" + name);
      writer.start();
    }

    boolean isAtWork() {
      return writer.isAlive() || log.begun() == OPERATIONS_MAX;
    }

    void awaitEnd() throws InterruptedException {
      writer.join(TimeUnit.SECONDS.toMillis(30));
      assertTrue(!writer.isAlive(), "the writer hangs on a mount whose daemon is dead");
    }

    String verify() throws IOException {
      String where = name + ": " + log.describe();
      int prefix = log.prefixOf(mount);
      assertTrue(prefix >= 0, "the volume is no prefix of the operations: " + where);
      assertTrue(prefix >= log.durable(), "synced operations are lost: " + prefix + " of " + where);
      tree = log.treeAfter(prefix);
      operations += prefix;
      verifySnapshots(where);
      return where + ", found " + prefix + ", snapshots " + snapshots.size();
    }

    private void verifySnapshots(String where) throws IOException {
      log.snapshots().forEach((taken, count) -> snapshots.put(taken, log.treeAfter(count)));
      log.deleted().forEach(snapshots::remove);
      Set<String> found;
      try (Stream<Path> names = Files.list(mount.resolve(".snapshots"))) {
        found = names.map(path -> path.getFileName().toString()).collect(Collectors.toSet());
      }
      String open = log.snapshotAtWork();
      if (open != null && snapshots.containsKey(open) && !found.contains(open)) {
        // Its deletion was under way, and has happened.
        snapshots.remove(open);
      } else if (open != null && !snapshots.containsKey(open) && found.contains(open)) {
        // It was being taken, between the last two operations.
        snapshots.put(open, log.treeAfter(log.begun()));
      }
      assertEquals(new TreeSet<>(snapshots.keySet()), new TreeSet<>(found), where);
      for (String each : found) {
        assertTrue(
            OperationLog.isTree(mount.resolve(".snapshots").resolve(each), snapshots.get(each)),
            "snapshot " + each + " has changed: " + where);
      }
    }
  }
}
