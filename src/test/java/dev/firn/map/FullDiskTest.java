package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.DiskErrors;
import dev.firn.base.Sizes;
import dev.firn.store.FaultPlan;
import dev.firn.store.NoSpaceException;
import dev.firn.store.SimulatedDisk;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** A disk without room: above what is kept for deleting, and without that. */
class FullDiskTest {
  private static final int SECTOR_BYTES = 512;
  private static final int BLOCK_BYTES = 4096;
  private static final long RESERVE_BYTES = 16 * Sizes.MIB;

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
  void withoutAReserveWritingEndsWithAClearErrorAndNothingIsLost() throws IOException {
    int blocks = 0;
    boolean fitted = false;
    for (; !fitted; blocks++) {
      SimulatedDisk small = new SimulatedDisk(SECTOR_BYTES);
      VolumeUnderTest volume = Programs.filledVolume(small);
      small.resize(small.usedBytes() + (long) blocks * BLOCK_BYTES);
      fitted = fill(volume);
      if (!fitted) {
        volume.requireReadOnly();
      }
      volume.die();
      small.resize(Long.MAX_VALUE / 2);
      VolumeUnderTest next = VolumeUnderTest.recover(small, volume.history);
      run(next, Operation.PUT, 6);
      run(next, Operation.COMMIT, 0);
      next.die();
      VolumeUnderTest.recover(small.powerCut(i -> false), next.history).die();
    }
    assertTrue(blocks > 3, "there were disks that were too small");
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
      assertTrue(DiskErrors.saysFull(e.getMessage()), e::toString);
      assertEquals(e.getMessage(), volume.map().failure().getMessage());
      return false;
    }
  }
}
