package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.store.NoSpaceException;
import dev.firn.store.SimulatedStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random work on a simulated disk whose power fails or which starts to fail. What is found
 * afterwards must be a state the volume once had, not older than the last commit that returned,
 * with every file byte in place, and with all committed snapshots as they were.
 */
class CrashTest {
  private static final int RUNS = Integer.getInteger("firn.crashes", 400);
  private static final int KEYS = 30;

  @TempDir Path directory;

  private Random random;
  private final List<Map<Integer, Integer>> states = new ArrayList<>();
  private final Map<Long, Map<Integer, Integer>> snapshots = new TreeMap<>();
  private int committed;
  private long nextSnapshot;
  private int fullCount;

  @Test
  void powerFailureLeavesAPrefixWithAllThatWasCommitted() throws IOException {
    Random seeds = Seeds.random("powerFailureLeavesAPrefixWithAllThatWasCommitted");
    for (int run = 0; run < RUNS; run++) {
      long seed = seeds.nextLong();
      runAndCrash(seed, run, Disk.SOUND);
    }
  }

  @Test
  void failingDiskLeavesAPrefixWithAllThatWasCommitted() throws IOException {
    Random seeds = Seeds.random("failingDiskLeavesAPrefixWithAllThatWasCommitted");
    for (int run = 0; run < RUNS; run++) {
      runAndCrash(seeds.nextLong(), run, Disk.FAILING);
    }
  }

  @Test
  void fullDiskIsNoEnd() throws IOException {
    Random seeds = Seeds.random("fullDiskIsNoEnd");
    for (int run = 0; run < RUNS; run++) {
      runAndCrash(seeds.nextLong(), run, Disk.FULL_SOMETIMES);
    }
    assertTrue(fullCount > RUNS, "the disk was full " + fullCount + " times only");
  }

  private enum Disk {
    SOUND,
    FAILING,
    FULL_SOMETIMES
  }

  private void runAndCrash(long seed, int run, Disk kind) throws IOException {
    random = new Random(seed);
    states.clear();
    states.add(new TreeMap<>());
    snapshots.clear();
    committed = 0;
    nextSnapshot = 1;
    Path home = Files.createDirectories(directory.resolve(kind + "-" + run));
    SimulatedStore disk = new SimulatedStore();
    // Several lives, each begun on what the crash before left.
    for (int life = 0; life < 3; life++) {
      try (MapStore store = new MapStore(home, disk, VolumeMapTest.TINY)) {
        VolumeMap map = life == 0 ? store.create(1, VolumeMapTest.LZ4) : store.open(1);
        if (life > 0) {
          int found = check(map, seed);
          states.subList(found + 1, states.size()).clear();
          committed = found;
        }
        if (kind == Disk.FAILING) {
          disk.failAfter(random.nextInt(60));
        }
        disk.fullSometimes(random, kind == Disk.FULL_SOMETIMES ? 2 + random.nextInt(30) : 0);
        int operations = 1 + random.nextInt(120);
        for (int i = 0; i < operations; i++) {
          try {
            work(store, map);
          } catch (NoSpaceException e) {
            assertEquals(Disk.FULL_SOMETIMES, kind, "seed " + seed + ": " + e);
            fullCount++;
          } catch (IOException e) {
            assertEquals(Disk.FAILING, kind, "seed " + seed + ": " + e);
            break;
          }
        }
        if (kind == Disk.FULL_SOMETIMES && random.nextBoolean()) {
          // There is space again: all that was done so far must become durable.
          disk.fullSometimes(random, 0);
          map.commit();
          committed = states.size() - 1;
        }
        disk.fullSometimes(random, 0);
        // The image is what a power failure right now would leave: nothing is closed before.
        disk.failAfter(0);
        disk = disk.crash(random);
        map.abandon();
      }
    }
  }

  private void work(MapStore store, VolumeMap map) throws IOException {
    int choice = random.nextInt(104);
    if (choice >= 102 && !snapshots.isEmpty()) {
      List<Long> numbers = new ArrayList<>(snapshots.keySet());
      long number = numbers.get(random.nextInt(numbers.size()));
      // Whether it is gone after a crash is open until the next commit.
      snapshots.remove(number);
      map.dropFrozen(number);
    } else if (choice >= 100) {
      store.reclaim(OpenMaps.of(map), (bytes, start, length) -> true, random.nextInt(4) == 0);
    } else if (choice < 75) {
      change(map);
    } else if (choice < 88) {
      int durable = states.size() - 1;
      map.commit();
      committed = durable;
    } else if (choice < 92) {
      int durable = states.size() - 1;
      map.checkpoint();
      committed = durable;
    } else if (choice < 97) {
      long number = nextSnapshot++;
      map.freezeAs(number, Bytes.utf8("s" + number));
      int durable = states.size() - 1;
      map.commit();
      committed = durable;
      snapshots.put(number, states.get(durable));
    } else {
      map.relieve();
    }
  }

  /** Sets or removes a key; the value names an extent whose bytes a number determines. */
  private void change(VolumeMap map) throws IOException {
    Map<Integer, Integer> state = new TreeMap<>(states.get(states.size() - 1));
    int key = random.nextInt(KEYS);
    if (state.containsKey(key) && random.nextInt(3) == 0) {
      state.remove(key);
      map.write(head -> head.delete(VolumeMapTest.key(key)));
    } else {
      int number = random.nextInt(1 << 20);
      state.put(key, number);
      byte[] bytes = content(number);
      PendingExtent pending = map.stage(bytes, bytes.length);
      ExtentRef extent = ExtentRef.of(pending, 0, bytes.length);
      map.write(
          head -> {
            head.put(VolumeMapTest.key(key), extent.encode(), pending);
            return null;
          });
    }
    states.add(state);
  }

  private static byte[] content(int number) {
    Random bytesOf = new Random(number);
    byte[] bytes = new byte[4 + bytesOf.nextInt(3000)];
    if (bytesOf.nextBoolean()) {
      bytesOf.nextBytes(bytes);
    }
    Bytes.putInt(bytes, 0, number);
    return bytes;
  }

  /** Answers which state was found; its content was read and compared. */
  private int check(VolumeMap map, long seed) throws IOException {
    int found = states.lastIndexOf(read(map, map.freeze()));
    assertTrue(
        found >= committed, "seed " + seed + ": state " + found + ", committed " + committed);
    for (Map.Entry<Long, Map<Integer, Integer>> snapshot : snapshots.entrySet()) {
      FrozenMap frozen = map.frozen(snapshot.getKey());
      assertTrue(frozen != null, "seed " + seed + ": snapshot " + snapshot.getKey() + " is lost");
      assertEquals(snapshot.getValue(), read(map, frozen), "seed " + seed);
    }
    return found;
  }

  private static Map<Integer, Integer> read(VolumeMap map, FrozenMap frozen) throws IOException {
    Map<Integer, Integer> state = new TreeMap<>();
    for (int key = 0; key < KEYS; key++) {
      MapEntry entry = frozen.get(VolumeMapTest.key(key));
      if (entry != null) {
        byte[] bytes = map.extentBytes(ExtentRef.decode(entry));
        int number = Bytes.getInt(bytes, 0);
        assertTrue(Arrays.equals(content(number), Arrays.copyOf(bytes, content(number).length)));
        state.put(key, number);
      }
    }
    return state;
  }
}
