package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.store.CorruptDataException;
import dev.firn.store.SimulatedDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * All programs of up to three operations, cut off before each call of the disk by a power cut that
 * each of a systematic choice of unsynced parts survives, or by the end of the process and a power
 * cut later. Only the last operation is cut off: the others end shorter programs.
 */
class ExhaustiveCrashTest {
  private static final int OPERATIONS_MAX = 3;

  /** As if sectors could be torn: no disk's can, but then superblocks would be. */
  private static final int FINER_THAN_SECTORS = 64;

  /** With other sectors: of 4,096 bytes few are torn, and many very small ones take long. */
  private static final int OTHER_OPERATIONS_MAX = 2;

  private final LongAdder programs = new LongAdder();
  private final LongAdder points = new LongAdder();
  private final LongAdder outcomes = new LongAdder();

  private final Outcomes different = new Outcomes();

  /** Nobody was told that the volume is there, so it may also be missing, or not open. */
  @ParameterizedTest
  @ValueSource(ints = {512, 4096, FINER_THAN_SECTORS})
  void makingAVolumeIsAllOrNothing(int sectorBytes) throws IOException {
    SimulatedDisk disk = new SimulatedDisk(sectorBytes);
    disk.observe(
        (call, file) -> {
          for (BitSet survival : Survivals.of(disk)) {
            requireEmptyOrNone(disk.powerCut(survival::get));
          }
        });
    VolumeUnderTest.create(disk).die();
    disk.observe((call, file) -> {});
    VolumeUnderTest.recover(disk.powerCut(i -> false), new History()).die();
  }

  private static void requireEmptyOrNone(SimulatedDisk disk) {
    try {
      VolumeUnderTest.recover(disk, new History()).die();
    } catch (NoSuchFileException | CorruptDataException e) {
      boolean hasSegments = disk.contents().keySet().stream().anyMatch(n -> n.contains("seg"));
      assertFalse(hasSegments, () -> "nothing is lost by it: " + e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096, FINER_THAN_SECTORS})
  void powerCutsLeaveAPrefixWithAllThatWasCommitted(int sectorBytes) throws IOException {
    SimulatedDisk empty = Programs.emptyVolume(sectorBytes);
    SimulatedDisk filled = new SimulatedDisk(sectorBytes);
    VolumeUnderTest volume = Programs.filledVolume(filled);
    volume.die();
    int operationsMax = sectorBytes == 512 ? OPERATIONS_MAX : OTHER_OPERATIONS_MAX;
    for (int length = 0; length <= operationsMax; length++) {
      Programs.ofLength(length).parallelStream()
          .forEach(
              program -> {
                try {
                  run(empty, new History(), program);
                  run(filled, volume.history, program);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
    System.out.printf(
        "powerCutsLeaveAPrefixWithAllThatWasCommitted: sectors of %d: %d programs, %d points,"
            + " %d outcomes, of which %d differ%n",
        sectorBytes, programs.sum(), points.sum(), outcomes.sum(), different.count());
    assertTrue(different.count() > programs.sum(), "each program has an outcome of its own");
  }

  private void run(SimulatedDisk start, History before, List<Step> program) throws IOException {
    SimulatedDisk disk = start.copy();
    VolumeUnderTest volume = VolumeUnderTest.recover(disk, before);
    try {
      for (int i = 0; i < program.size(); i++) {
        if (!volume.isPossible(program.get(i))) {
          return;
        }
        if (i == program.size() - 1) {
          disk.observe((call, file) -> cut(volume, program, call + " " + file));
        }
        volume.run(program.get(i));
      }
      programs.increment();
      disk.observe((call, file) -> {});
      cut(volume, program, "the end");
    } finally {
      volume.die();
    }
  }

  private void cut(VolumeUnderTest volume, List<Step> program, String point) {
    points.increment();
    BitSet current = new BitSet();
    try {
      for (BitSet survival : Survivals.of(volume.disk)) {
        current = survival;
        outcomes.increment();
        SimulatedDisk left = volume.disk.powerCut(survival::get);
        if (different.isNew(left, volume.history, volume.history.committed())) {
          recoverAndGoOn(left, volume.history);
        }
      }
      current = null;
      processDies(volume);
    } catch (IOException | RuntimeException | AssertionError e) {
      throw new AssertionError(
          program
              + ", cut off before "
              + point
              + (current == null
                  ? " by the end of the process"
                  : ", of what is not forced survive ")
              + (current == null ? "" : current + " of " + volume.disk.unsynced())
              + "\n"
              + e,
          e);
    }
  }

  private static void recoverAndGoOn(SimulatedDisk left, History history) throws IOException {
    VolumeUnderTest recovered = VolumeUnderTest.recover(left, history);
    try {
      recovered.run(new Step(Operation.PUT, 3, 1000));
      recovered.run(Step.of(Operation.COMMIT));
    } finally {
      recovered.die();
    }
    // Nothing that is not forced survives, which is where a forgotten force shows.
    VolumeUnderTest.recover(left.powerCut(i -> false), recovered.history).die();
  }

  /** What the next process finds is durable as soon as it says so, and it goes on from there. */
  private void processDies(VolumeUnderTest volume) throws IOException {
    SimulatedDisk disk = volume.disk.copy();
    if (!different.isNew(disk, volume.history, volume.history.committed())) {
      return;
    }
    outcomes.increment();
    VolumeUnderTest next = VolumeUnderTest.recover(disk, volume.history);
    try {
      next.run(Step.of(Operation.COMMIT));
      cutPower(next);
      disk.observe((call, file) -> cutPower(next));
      next.run(Step.of(Operation.CHECKPOINT));
    } finally {
      disk.observe((call, file) -> {});
      next.die();
    }
  }

  private void cutPower(VolumeUnderTest volume) {
    try {
      for (BitSet survival : Survivals.of(volume.disk)) {
        SimulatedDisk left = volume.disk.powerCut(survival::get);
        outcomes.increment();
        if (different.isNew(left, volume.history, volume.history.committed())) {
          VolumeUnderTest.recover(left, volume.history).die();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
