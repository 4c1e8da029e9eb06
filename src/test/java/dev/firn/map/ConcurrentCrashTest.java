package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.store.SimulatedDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/**
 * Several threads at one volume, each with keys of its own, and power cuts at any call of any of
 * them. Of each thread's changes a prefix must be there, with all that its commits covered. A seed
 * repeats what each thread does, though not how the threads meet.
 */
class ConcurrentCrashTest {
  private static final int RUNS = 60;
  private static final int THREADS = 3;
  private static final int KEYS_PER_THREAD = Found.KEYS / THREADS;
  private static final int STEPS = 60;
  private static final int CHANGES_BETWEEN_CUTS = 5;

  /** What one thread does, and what must be there of it. */
  private static final class Worker {
    private final Random random;
    private final int firstKey;
    private final List<Map<Integer, Integer>> states = new ArrayList<>(List.of(Map.of()));
    private int committed;

    Worker(long seed, int index) {
      random = new Random(seed);
      firstKey = index * KEYS_PER_THREAD;
    }

    synchronized int committed() {
      return committed;
    }

    private synchronized void committed(int state) {
      committed = Math.max(committed, state);
    }

    private synchronized int newest() {
      return states.size() - 1;
    }

    /** Before the change is made: it may survive from now on. */
    private synchronized void add(int key, Integer number) {
      Map<Integer, Integer> state = new TreeMap<>(states.get(states.size() - 1));
      if (number == null) {
        state.remove(key);
      } else {
        state.put(key, number);
      }
      states.add(state);
    }

    synchronized List<Map<Integer, Integer>> statesFrom(int oldest) {
      return List.copyOf(states.subList(oldest, states.size()));
    }

    void run(MapStore store, VolumeMap map) throws IOException {
      for (int i = 0; i < STEPS; i++) {
        int key = firstKey + random.nextInt(KEYS_PER_THREAD);
        int newest = newest();
        switch (random.nextInt(12)) {
          case 0, 1, 2 -> put(map, key, random.nextInt(1 << 20));
          case 3, 4 -> store(map, key, random.nextInt(1 << 20));
          case 5 -> {
            add(key, null);
            map.write(head -> head.delete(Found.key(key)));
          }
          case 6 -> map.relieve();
          case 7, 8, 9 -> {
            map.commit();
            committed(newest);
          }
          case 10 -> {
            map.checkpoint();
            committed(newest);
          }
          default ->
              store.reclaim(OpenMaps.of(map), (bytes, start, length) -> true, random.nextBoolean());
        }
      }
    }

    private void put(VolumeMap map, int key, int number) throws IOException {
      add(key, number);
      byte[] bytes = Found.content(number);
      map.write(
          head -> {
            PendingExtent pending = map.stage(bytes, bytes.length, null);
            ExtentRef extent = ExtentRef.of(pending, 0, bytes.length);
            head.put(Found.key(key), extent.encode(), pending);
            return null;
          });
    }

    private void store(VolumeMap map, int key, int number) throws IOException {
      add(key, number);
      map.holdingPlaces(
          () -> {
            ExtentRef extent =
                map.store(List.of(new FileRun(ByteBuffer.wrap(Found.content(number))))).get(0);
            return map.write(
                head -> {
                  head.put(Found.key(key), extent.encode(), extent.pending());
                  return null;
                });
          });
    }

    /** The part of a state that is this thread's. */
    Map<Integer, Integer> own(Map<Integer, Integer> head) {
      Map<Integer, Integer> own = new TreeMap<>(head);
      own.keySet().removeIf(key -> key < firstKey || key >= firstKey + KEYS_PER_THREAD);
      return own;
    }
  }

  /** A power cut, and what each thread may find after it. */
  private record Cut(SimulatedDisk left, List<List<Map<Integer, Integer>>> allowed) {}

  @Test
  void powerCutsLeaveAPrefixOfEachThread() throws IOException {
    Random random = Seeds.random("powerCutsLeaveAPrefixOfEachThread");
    int cuts = 0;
    for (int run = 0; run < RUNS; run++) {
      for (Cut cut : runThreads(random.nextLong())) {
        check(cut);
        cuts++;
      }
    }
    System.out.println("powerCutsLeaveAPrefixOfEachThread: " + cuts + " power cuts");
    assertTrue(cuts > RUNS, "there were power cuts");
  }

  private static List<Cut> runThreads(long seed) throws IOException {
    Random random = new Random(seed);
    List<Worker> workers = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      workers.add(new Worker(random.nextLong(), i));
    }
    SimulatedDisk disk = new SimulatedDisk(512);
    List<Cut> cuts = new ArrayList<>();
    try (MapStore store =
        new MapStore(disk.directory(), disk.segments(), VolumeUnderTest.OPTIONS)) {
      VolumeMap map = store.create(1, VolumeMapTest.LZ4);
      // The disk runs this for one call at a time.
      disk.observe(
          (call, file) -> {
            if (random.nextInt(CHANGES_BETWEEN_CUTS) == 0) {
              List<Integer> committed = workers.stream().map(Worker::committed).toList();
              SimulatedDisk left = disk.powerCut(random);
              List<List<Map<Integer, Integer>>> allowed = new ArrayList<>();
              for (int i = 0; i < THREADS; i++) {
                allowed.add(workers.get(i).statesFrom(committed.get(i)));
              }
              cuts.add(new Cut(left, allowed));
            }
          });
      List<CompletableFuture<Void>> threads = new ArrayList<>();
      for (Worker worker : workers) {
        threads.add(start(() -> worker.run(store, map)));
      }
      threads.forEach(CompletableFuture::join);
      disk.observe((call, file) -> {});
      map.abandon();
    }
    return cuts;
  }

  private interface Action {
    void run() throws IOException;
  }

  private static CompletableFuture<Void> start(Action action) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            action.run();
          } catch (IOException e) {
            throw new CompletionException(e);
          }
        },
        task -> new Thread(task).start());
  }

  private static void check(Cut cut) throws IOException {
    try (MapStore store =
        new MapStore(cut.left().directory(), cut.left().segments(), VolumeUnderTest.OPTIONS)) {
      Found found = Found.read(store.open(1));
      found.requireWhole();
      for (int i = 0; i < THREADS; i++) {
        Map<Integer, Integer> own = new Worker(0, i).own(found.head());
        List<Map<Integer, Integer>> allowed = cut.allowed().get(i);
        assertTrue(allowed.contains(own), () -> "found " + own + ", allowed " + allowed);
      }
    }
  }
}
