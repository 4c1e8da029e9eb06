package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.store.FaultPlan;
import dev.firn.store.SimulatedDisk;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Each read of the disk fails once: in recovery, and in short programs that nothing is cached for.
 */
class ReadErrorTest {
  private static final int OPERATIONS_MAX = 2;
  private static final int KEYS = 100;

  private static final MapOptions NO_CACHES = new MapOptions(192, 4096, 0, 0, 0, 1 << 30);

  private final SimulatedDisk start = new SimulatedDisk(512);
  private History history;

  @BeforeEach
  void fill() throws IOException {
    VolumeUnderTest volume = Programs.filledVolume(start);
    volume.die();
    history = volume.history;
  }

  private static FaultPlan failRead(int call) {
    return FaultPlan.once(FaultPlan.Kind.READ_ERROR, call, 0);
  }

  @Test
  void recoveryDoesNotTakeAFailedReadForTheEndOfTheLog() throws IOException {
    boolean fired = true;
    int call = 0;
    for (; fired; call++) {
      SimulatedDisk disk = start.copy();
      FaultPlan plan = failRead(call);
      disk.plan(plan);
      IOException told = null;
      try {
        VolumeUnderTest volume = VolumeUnderTest.open(disk, history.copy());
        try {
          volume.read();
        } finally {
          volume.die();
        }
      } catch (IOException e) {
        told = e;
      }
      fired = plan.fired();
      assertEquals(fired, told != null, "a failed read is told");
      disk.plan(FaultPlan.none());
      VolumeUnderTest again = VolumeUnderTest.recover(disk, history);
      assertEquals(history.newest(), again.history.newest());
      again.die();
    }
    assertTrue(call > 20, "there were reads");
  }

  @Test
  void aFailedReadInTheMiddleOfAnOperationHarmsNothing() throws IOException {
    int faults = 0;
    for (int length = 1; length <= OPERATIONS_MAX; length++) {
      for (List<Step> program : Programs.ofLength(length)) {
        for (int call = 0; run(program, failRead(call)); call++) {
          faults++;
        }
      }
    }
    System.out.println("aFailedReadInTheMiddleOfAnOperationHarmsNothing: " + faults + " faults");
    assertTrue(faults > 100, "there were reads");
  }

  /** Whether the fault happened. */
  private boolean run(List<Step> program, FaultPlan plan) throws IOException {
    VolumeUnderTest volume = VolumeUnderTest.open(start.copy(), history.copy(), NO_CACHES);
    volume.history.opened(history.newestIndex());
    try {
      for (int i = 0; i < program.size(); i++) {
        if (!volume.isPossible(program.get(i))) {
          return false;
        }
        if (i == program.size() - 1) {
          volume.disk.plan(plan);
        }
        try {
          volume.run(program.get(i));
        } catch (IOException e) {
          assertNotNull(plan.firedIn(), () -> "no fault, but " + e);
        }
      }
      volume.disk.plan(FaultPlan.none());
      if (volume.map().failure() != null) {
        volume.requireNoWrites();
      } else {
        Found found = volume.read();
        assertTrue(found.matches(volume.history.newest()), () -> program + ": " + found);
        volume.run(Step.of(Operation.COMMIT));
      }
    } finally {
      volume.die();
    }
    VolumeUnderTest.recover(volume.disk.powerCut(i -> false), volume.history).die();
    return plan.fired();
  }

  /**
   * Each read of each deletion of a tree of several levels, which joins nodes as it gets smaller.
   */
  @Test
  void aDeletionThatMeetsAFailedReadIsDoneOrRefused() throws IOException {
    MapOptions longerPages = new MapOptions(512, 16 << 10, 0, 0, 0, 1 << 30);
    SimulatedDisk disk = new SimulatedDisk(512);
    int faults = 0;
    int refused = 0;
    try (MapStore store = new MapStore(disk.directory(), disk.segments(), longerPages)) {
      VolumeMap map = store.create(1, VolumeMapTest.LZ4);
      for (int key = 0; key < KEYS; key++) {
        VolumeMapTest.put(map, key, "value " + key);
      }
      for (int key = 0; key < KEYS; key++) {
        if (isKept(key)) {
          continue;
        }
        // Behind it nothing is in memory.
        map.checkpoint();
        boolean deleted = false;
        for (int call = 0; !deleted; call++) {
          int number = key;
          FaultPlan plan = failRead(call);
          disk.plan(plan);
          try {
            deleted = map.write(head -> head.delete(VolumeMapTest.key(number)));
          } catch (IOException e) {
            refused++;
          }
          faults += plan.fired() ? 1 : 0;
          disk.plan(FaultPlan.none());
          assertEquals(deleted ? null : "value " + key, VolumeMapTest.get(map, key));
          assertNull(map.failure());
        }
      }
      assertTrue(refused > KEYS && faults > refused, faults + " faults, " + refused + " refused");
    }
    try (MapStore store = new MapStore(disk.directory(), disk.segments(), longerPages)) {
      VolumeMap map = store.open(1);
      for (int key = 0; key < KEYS; key++) {
        assertEquals(isKept(key), VolumeMapTest.get(map, key) != null);
      }
    }
  }

  private static boolean isKept(int key) {
    return key % 5 == 4;
  }
}
