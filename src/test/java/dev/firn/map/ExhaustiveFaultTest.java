package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.store.CorruptDataException;
import dev.firn.store.FaultPlan;
import dev.firn.store.SimulatedDisk;
import dev.firn.store.StoreFailedException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;

/**
 * All programs of up to three operations, in whose last one call of the disk goes wrong: each call,
 * in each way. Failures are told and end all writing, but for a full disk, which is told and is no
 * end; lies are noticed, or do no harm.
 */
class ExhaustiveFaultTest {
  private static final int OPERATIONS_MAX = 3;
  private static final int SECTOR_BYTES = 512;

  /** Three operations meet each of these, in the first way and with the first sequel but one. */
  private static final List<FaultPlan.Kind> AFTER_LONG_PROGRAMS =
      List.of(
          FaultPlan.Kind.WRITE_ERROR,
          FaultPlan.Kind.NO_SPACE,
          FaultPlan.Kind.FORCE_ERROR,
          FaultPlan.Kind.LOST_WRITE);

  /** How a fault may be. */
  private static final Map<FaultPlan.Kind, List<Integer>> DETAILS =
      Map.of(
          FaultPlan.Kind.WRITE_ERROR, List.of(500, 0, 1000),
          FaultPlan.Kind.NO_SPACE, List.of(700, 0, 999),
          FaultPlan.Kind.FORCE_ERROR, List.of(0, 1, 2),
          FaultPlan.Kind.FREE_ERROR, List.of(0),
          FaultPlan.Kind.LOST_WRITE, List.of(0),
          FaultPlan.Kind.MISDIRECTED_WRITE, List.of(11, 0, 3, 8, 16, 17),
          FaultPlan.Kind.FLIPPED_BIT, List.of(170, 0, 700, 5_003));

  /** What is done to a volume on a disk that has lied, before it is opened again. */
  private static final List<List<Operation>> SEQUELS =
      List.of(
          List.of(),
          List.of(Operation.PUT, Operation.COMMIT),
          List.of(Operation.PUT, Operation.CHECKPOINT, Operation.PUT, Operation.COMMIT));

  private final LongAdder programs = new LongAdder();
  private final LongAdder faults = new LongAdder();
  private final Outcomes different = new Outcomes();
  private final Map<String, LongAdder> outcomes = new TreeMap<>();

  @Test
  void failuresAreToldAndLiesNeverBecomeData() throws IOException {
    for (String outcome : List.of("refused", "damaged", "whole")) {
      outcomes.put(outcome, new LongAdder());
    }
    SimulatedDisk empty = Programs.emptyVolume(SECTOR_BYTES);
    SimulatedDisk filled = new SimulatedDisk(SECTOR_BYTES);
    VolumeUnderTest volume = Programs.filledVolume(filled);
    volume.die();
    for (int length = 1; length <= OPERATIONS_MAX; length++) {
      boolean all = length < OPERATIONS_MAX;
      Programs.ofLength(length).parallelStream()
          .forEach(
              program -> {
                programs.increment();
                runAll(filled, volume.history, program, all);
                if (all) {
                  runAll(empty, new History(), program, true);
                }
              });
    }
    System.out.printf(
        "failuresAreToldAndLiesNeverBecomeData: %d programs, %d faults, %d outcomes differ, of"
            + " which after lies %s%n",
        programs.sum(), faults.sum(), different.count(), outcomes);
    outcomes.forEach((name, count) -> assertTrue(count.sum() > 0, name));
  }

  /**
   * The volume does not open, or, if the disk is only full, it does; and the next attempt finds all
   * that there was.
   */
  @Test
  void aRecoveryThatFailsIsToldAndCanBeRepeated() throws IOException {
    SimulatedDisk filled = new SimulatedDisk(SECTOR_BYTES);
    VolumeUnderTest volume = Programs.filledVolume(filled);
    volume.die();
    for (FaultPlan.Kind kind : DETAILS.keySet()) {
      boolean full = kind == FaultPlan.Kind.NO_SPACE;
      for (int detail : full || kind.isTerminal() ? DETAILS.get(kind) : List.<Integer>of()) {
        boolean fired = true;
        for (int call = 0; fired; call++) {
          FaultPlan plan = FaultPlan.once(kind, call, detail);
          SimulatedDisk disk = filled.copy();
          disk.plan(plan);
          IOException thrown = tryOpen(disk, volume.history);
          fired = plan.fired();
          if (!full) {
            assertEquals(fired, thrown != null, () -> kind + " is told");
          }
          disk.plan(FaultPlan.none());
          for (SimulatedDisk left : List.of(disk.powerCut(i -> false), disk)) {
            VolumeUnderTest.recover(left, volume.history).die();
          }
          faults.increment();
        }
      }
    }
    assertTrue(faults.sum() > 30, "recovery writes");
  }

  private static IOException tryOpen(SimulatedDisk disk, History history) throws IOException {
    VolumeUnderTest opened;
    try {
      opened = VolumeUnderTest.open(disk, history.copy());
    } catch (IOException e) {
      return e;
    }
    opened.die();
    return null;
  }

  private void runAll(SimulatedDisk start, History before, List<Step> program, boolean all) {
    for (FaultPlan.Kind kind : all ? DETAILS.keySet() : AFTER_LONG_PROGRAMS) {
      List<Integer> details = DETAILS.get(kind);
      for (int detail : all ? details : details.subList(0, 1)) {
        List<List<Operation>> sequels =
            !kind.isLie() ? SEQUELS.subList(0, 1) : all ? SEQUELS : SEQUELS.subList(1, 2);
        for (List<Operation> sequel : sequels) {
          boolean fired = true;
          for (int call = 0; fired; call++) {
            FaultPlan plan = FaultPlan.once(kind, call, detail);
            try {
              fired = run(start, before, program, plan, sequel);
            } catch (IOException | RuntimeException | AssertionError e) {
              throw new AssertionError(
                  String.format(
                      "%s, in whose last operation call %d meets %s (%d) in %s, then %s: %s",
                      program, call, kind, detail, plan.firedIn(), sequel, e),
                  e);
            }
          }
        }
      }
    }
  }

  /** Whether the fault happened. */
  private boolean run(
      SimulatedDisk start,
      History before,
      List<Step> program,
      FaultPlan plan,
      List<Operation> sequel)
      throws IOException {
    VolumeUnderTest volume = VolumeUnderTest.recover(start.copy(), before);
    try {
      IOException thrown = null;
      for (int i = 0; i < program.size(); i++) {
        if (!volume.isPossible(program.get(i))) {
          return false;
        }
        if (i == program.size() - 1) {
          volume.disk.plan(plan);
        }
        thrown = tryRun(volume, program.get(i));
      }
      if (!plan.fired()) {
        assertNull(thrown);
        return false;
      }
      faults.increment();
      if (plan.kind().isLie()) {
        requireNoticed(volume, plan, sequel, thrown);
      } else {
        volume.requireTold(program.get(program.size() - 1), plan, thrown);
        requireRecovery(volume);
        if (plan.kind() == FaultPlan.Kind.NO_SPACE) {
          // There is room again: everything that waited becomes durable.
          volume.run(Step.of(Operation.COMMIT));
          requireRecovery(volume);
        }
      }
      return true;
    } finally {
      volume.die();
    }
  }

  private static IOException tryRun(VolumeUnderTest volume, Step step) {
    try {
      volume.run(step);
      return null;
    } catch (IOException e) {
      return e;
    }
  }

  /** Whether the power is cut, too, or only the process starts again. */
  private void requireRecovery(VolumeUnderTest volume) throws IOException {
    SimulatedDisk failed = volume.disk;
    List<SimulatedDisk> left =
        List.of(failed.powerCut(i -> false), failed.powerCut(i -> i % 2 == 0), failed.copy());
    for (SimulatedDisk disk : left) {
      if (!different.isNew(disk, volume.history, volume.history.committed())) {
        continue;
      }
      VolumeUnderTest next = VolumeUnderTest.recover(disk, volume.history);
      try {
        next.run(new Step(Operation.PUT, 2, 2000));
        next.run(Step.of(Operation.COMMIT));
      } finally {
        next.die();
      }
      VolumeUnderTest.recover(disk.powerCut(i -> false), next.history).die();
    }
  }

  private void requireNoticed(
      VolumeUnderTest volume, FaultPlan lie, List<Operation> sequel, IOException thrown)
      throws IOException {
    IOException last = thrown;
    for (int i = 0; i < sequel.size() && last == null; i++) {
      last = tryRun(volume, new Step(sequel.get(i), 4, 3000 + i));
    }
    boolean honest =
        last == null
            || last instanceof CorruptDataException
            || last instanceof StoreFailedException;
    assertTrue(honest, "on a disk that lied: " + last);
    SimulatedDisk left = volume.disk.powerCut(i -> true);
    if (!different.isNew(left, volume.history, volume.history.committedAfter(lie))) {
      return;
    }
    Found found = VolumeUnderTest.requireHonest(left, volume.history, lie);
    outcomes.get(found == null ? "refused" : found.damaged() > 0 ? "damaged" : "whole").increment();
  }
}
