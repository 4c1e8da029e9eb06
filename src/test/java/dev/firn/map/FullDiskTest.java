package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.Sizes;
import dev.firn.store.FaultPlan;
import dev.firn.store.NoSpaceException;
import dev.firn.store.SimulatedDisk;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A disk without room: above what is kept for deleting, and without that. */
class FullDiskTest {
  private static final int SECTOR_BYTES = 512;
  private static final int BLOCK_BYTES = 4096;
  private static final long RESERVE_BYTES = 24 * Sizes.MIB;
  private static final int RUNS = 2_000;

  /** What a volume does, each as often as it is here. */
  private static final List<Operation> OPERATIONS =
      List.of(
          Operation.PUT,
          Operation.PUT,
          Operation.PUT,
          Operation.PUT,
          Operation.STORE,
          Operation.STORE,
          Operation.DELETE,
          Operation.RELIEVE,
          Operation.COMMIT,
          Operation.COMMIT,
          Operation.CHECKPOINT,
          Operation.FREEZE,
          Operation.DROP,
          Operation.RESET,
          Operation.CLONE,
          Operation.DELETE_CLONE,
          Operation.RECLAIM);

  private final SimulatedDisk disk = new SimulatedDisk(SECTOR_BYTES);

  private static void run(VolumeUnderTest volume, Operation operation, int key) throws IOException {
    volume.run(new Step(operation, key, 50 + key));
  }

  @Test
  void deletingAndSnapshotsGoOnOnAFullDiskAndWritingOnceThereIsSpace() throws IOException {
    VolumeUnderTest volume = Programs.filledVolume(disk);
    overwrite(volume);
    disk.resize(disk.usedBytes() + RESERVE_BYTES);
    NoSpaceException told =
        assertThrows(NoSpaceException.class, () -> volume.map().requireSpace(BLOCK_BYTES));
    assertTrue(told.getMessage().contains("full"), told.getMessage());

    run(volume, Operation.DELETE, 1);
    run(volume, Operation.COMMIT, 0);
    run(volume, Operation.FREEZE, 0);
    run(volume, Operation.COMMIT, 0);
    run(volume, Operation.DROP, 0);
    run(volume, Operation.COMMIT, 0);
    volume.read().requireWhole();
    // Each gives back what was written before the last but one checkpoint.
    long used = disk.usedBytes();
    for (int i = 0; i < 3; i++) {
      run(volume, Operation.RECLAIM, 0);
    }
    assertTrue(disk.usedBytes() < used, "space comes back");

    disk.resize(disk.usedBytes() + RESERVE_BYTES + 10 * BLOCK_BYTES);
    volume.map().requireSpace(BLOCK_BYTES);
    run(volume, Operation.PUT, 5);
    run(volume, Operation.COMMIT, 0);
    assertNull(volume.map().failure());
    volume.die();
    VolumeUnderTest.recover(disk.powerCut(i -> false), volume.history).die();
  }

  /** Somebody else takes the reserve as well: each number of blocks that may be left. */
  @Test
  void withoutAReserveChangesWaitForSpaceAndNothingIsLost() throws IOException {
    int blocks = 0;
    boolean fitted = false;
    for (; !fitted; blocks++) {
      SimulatedDisk small = new SimulatedDisk(SECTOR_BYTES);
      VolumeUnderTest volume = Programs.filledVolume(small);
      small.resize(small.usedBytes() + (long) blocks * BLOCK_BYTES);
      fitted = fill(volume);
      VolumeUnderTest.recover(small.powerCut(i -> false), volume.history).die();
      volume.read().requireWhole();
      small.resize(Long.MAX_VALUE / 2);
      run(volume, Operation.PUT, 6);
      run(volume, Operation.COMMIT, 0);
      volume.die();
      VolumeUnderTest.recover(small.powerCut(i -> false), volume.history).die();
    }
    assertTrue(blocks > 3, "there were disks that were too small");
  }

  /** As a quota does it, too. */
  @Test
  void whatIsSetAsideLetsDeletingGoOnWhenOthersTookTheRest() throws IOException {
    disk.allowReserve();
    VolumeUnderTest volume = Programs.filledVolume(disk);
    overwrite(volume);
    volume.map().requireSpace(BLOCK_BYTES);
    long used = disk.usedBytes();
    disk.resize(used);
    // What a block at the log's end has no room for.
    overwrite(volume);
    run(volume, Operation.DELETE, 1);
    run(volume, Operation.COMMIT, 0);
    assertTrue(disk.usedBytes() < used, "what was set aside is used");
    assertThrows(NoSpaceException.class, () -> volume.map().requireSpace(0));
    run(volume, Operation.DROP, 0);
    run(volume, Operation.COMMIT, 0);
    long before = disk.usedBytes();
    for (int i = 0; i < 3; i++) {
      run(volume, Operation.RECLAIM, 0);
    }
    assertTrue(disk.usedBytes() < before, "space comes back");
    assertNull(volume.map().failure());

    disk.resize(disk.usedBytes() + Sizes.GIB);
    awaitRoom(volume);
    assertTrue(disk.usedBytes() > DiskSpace.KEPT_BYTES, "it is set aside again");
    run(volume, Operation.PUT, 5);
    run(volume, Operation.COMMIT, 0);
    volume.die();
    VolumeUnderTest.recover(disk.powerCut(i -> false), volume.history).die();
  }

  /** The disk is asked now and then only. */
  private static void awaitRoom(VolumeUnderTest volume) throws IOException {
    long start = System.nanoTime();
    while (true) {
      try {
        volume.map().requireSpace(BLOCK_BYTES);
        return;
      } catch (NoSpaceException e) {
        assertTrue(System.nanoTime() - start < 10_000_000_000L, "there is room");
        Thread.onSpinWait();
      }
    }
  }

  /** As many changes as may wait: each is refused before it is done, or done. */
  @Test
  void aChangeThatIsRefusedIsNotDone() throws IOException {
    MapOptions longPages = new MapOptions(32 << 10, 64 << 20, 64 << 10, 64 << 10, 0, 1 << 30);
    byte[] value = new byte[8 << 10];
    try (MapStore store = new MapStore(disk.directory(), disk.segments(), longPages)) {
      VolumeMap map = store.create(1, VolumeMapTest.LZ4);
      disk.resize(disk.usedBytes());
      int done = 0;
      boolean refused = false;
      while (!refused) {
        byte[] key = VolumeMapTest.key(done);
        try {
          map.write(
              head -> {
                head.put(key, value, null);
                return null;
              });
          done++;
        } catch (NoSpaceException e) {
          refused = true;
        }
      }
      byte[] next = VolumeMapTest.key(done);
      assertNull(map.read(head -> head.get(next)));
      assertNull(map.failure());
      assertTrue(done * (long) value.length > 31 * Sizes.MIB, done + " changes");
      disk.resize(Long.MAX_VALUE / 2);
    }
  }

  /** Any write may meet a full disk, of which any part is written; later ones may have room. */
  @Test
  void aDiskThatIsFullNowAndThenIsNoEnd() throws IOException {
    Random seeds = Seeds.random("aDiskThatIsFullNowAndThenIsNoEnd");
    int full = 0;
    for (int run = 0; run < RUNS; run++) {
      long seed = seeds.nextLong();
      Random random = new Random(seed);
      SimulatedDisk disk = new SimulatedDisk(SECTOR_BYTES);
      VolumeUnderTest volume = VolumeUnderTest.create(disk);
      for (int life = 0; life < 3; life++) {
        disk.plan(FaultPlan.sometimes(FaultPlan.Kind.NO_SPACE, 2 + random.nextInt(20), random));
        full += work(volume, random);
        disk.plan(FaultPlan.none());
        if (random.nextBoolean()) {
          // There is room again: everything that waited becomes durable.
          run(volume, Operation.COMMIT, 0);
          assertEquals(volume.history.newestIndex(), volume.history.committed());
        }
        volume.die();
        disk = disk.powerCut(random);
        try {
          volume = VolumeUnderTest.recover(disk, volume.history);
        } catch (IOException | AssertionError e) {
          throw new AssertionError("run of seed " + seed + ", life " + life, e);
        }
      }
      volume.die();
    }
    System.out.println("aDiskThatIsFullNowAndThenIsNoEnd: told " + full + " times");
    assertTrue(full > RUNS, "the disk was full " + full + " times only");
  }

  /** Answers how often the disk was full. */
  private static int work(VolumeUnderTest volume, Random random) throws IOException {
    int full = 0;
    for (int i = 1 + random.nextInt(60); i > 0; i--) {
      Operation operation = OPERATIONS.get(random.nextInt(OPERATIONS.size()));
      Step step = new Step(operation, random.nextInt(Found.KEYS), random.nextInt(1 << 20));
      if (volume.isPossible(step)) {
        try {
          volume.run(step);
        } catch (NoSpaceException e) {
          full++;
        }
      }
    }
    assertNull(volume.map().failure());
    Found found = volume.read();
    found.requireWhole();
    assertTrue(found.matches(volume.history.newest()), found::toString);
    return full;
  }

  /** A commit that gets so many thousandths of its bytes written before the disk is full. */
  @Test
  void aCommitThatIsCutOffByAFullDiskIsToldAndDropped() throws IOException {
    int dropped = 0;
    for (int share = 0; share < 1000; share++) {
      SimulatedDisk full = new SimulatedDisk(SECTOR_BYTES);
      VolumeUnderTest volume = Programs.filledVolume(full);
      run(volume, Operation.PUT, 5);
      FaultPlan plan = FaultPlan.once(FaultPlan.Kind.NO_SPACE, share % 2, share);
      full.plan(plan);
      Step commit = Step.of(Operation.COMMIT);
      IOException thrown = assertThrows(IOException.class, () -> volume.run(commit));
      volume.requireTold(commit, plan, thrown);
      volume.die();
      int all = volume.history.newestIndex();
      SimulatedDisk left = full.powerCut(i -> true);
      VolumeUnderTest next = VolumeUnderTest.recover(left, volume.history);
      dropped += next.history.newestIndex() < all ? 1 : 0;
      next.die();
    }
    // But for those that lack only zeros, which are there anyway.
    assertTrue(dropped > 900, "a part of a commit is none: " + dropped);
  }

  /** All keys, several times. */
  private static void overwrite(VolumeUnderTest volume) throws IOException {
    for (int round = 0; round < 5; round++) {
      for (int key = 0; key < Found.KEYS; key++) {
        volume.run(new Step(Operation.PUT, key, 100 * round + key));
        volume.run(Step.of(Operation.COMMIT));
      }
    }
  }

  /** Whether all of it found room. */
  private static boolean fill(VolumeUnderTest volume) {
    try {
      overwrite(volume);
      run(volume, Operation.CHECKPOINT, 0);
      return true;
    } catch (IOException e) {
      assertInstanceOf(NoSpaceException.class, e);
      assertNull(volume.map().failure());
      return false;
    }
  }
}
