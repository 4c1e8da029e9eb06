package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.store.CorruptDataException;
import dev.firn.store.FaultPlan;
import dev.firn.store.SimulatedDisk;
import dev.firn.store.StoreFailedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * Steps in the life, or the lives, of a volume, and a check after each life. Runs the same way each
 * time, but for what the clock has a hand in: zeros are written ahead after commits that are close.
 */
record Script(int sectorBytes, List<Step> steps) {
  private static final int LIFE_STEPS_MAX = 40;
  private static final int LIVES_MAX = 4;
  private static final int CALLS_BEFORE_FAULT_MAX = 60;

  /** After so many runs a script is short enough. */
  private static final int SHRINK_RUNS_MAX = 3_000;

  /** What happens to the disk, in one life in two. */
  private static final List<Operation> FAULTS =
      List.of(
          Operation.POWER_CUT_DURING,
          Operation.POWER_CUT_DURING,
          Operation.POWER_CUT_DURING,
          Operation.WRITE_ERROR,
          Operation.NO_SPACE,
          Operation.FORCE_ERROR,
          Operation.FREE_ERROR,
          Operation.LOST_WRITE,
          Operation.MISDIRECTED_WRITE,
          Operation.FLIPPED_BIT);

  /** How lives end; each as often as it is here. */
  private static final List<Operation> ENDS =
      List.of(
          Operation.POWER_CUT,
          Operation.POWER_CUT,
          Operation.POWER_CUT,
          Operation.DIE,
          Operation.DIE,
          Operation.OPEN_AGAIN,
          Operation.CLOSE);

  /** Each as often as it is here. */
  private static final List<Operation> OPERATIONS = operations();

  private static List<Operation> operations() {
    List<Operation> operations = new ArrayList<>();
    int[] weights = {10, 5, 4, 3, 6, 2, 2, 1, 1, 1, 2, 1, 1};
    for (int i = 0; i < weights.length; i++) {
      for (int j = 0; j < weights[i]; j++) {
        operations.add(Operation.values()[i]);
      }
    }
    return operations;
  }

  static Script random(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int sectorBytes =
        SimulatedDisk.SECTOR_BYTES.get(random.nextInt(SimulatedDisk.SECTOR_BYTES.size()));
    List<Step> steps = new ArrayList<>();
    int lives = 1 + random.nextInt(LIVES_MAX);
    for (int life = 0; life < lives; life++) {
      if (random.nextBoolean()) {
        Operation fault = FAULTS.get(random.nextInt(FAULTS.size()));
        int detail = random.nextInt(4) == 0 ? 0 : random.nextInt(1_001);
        steps.add(new Step(fault, random.nextInt(CALLS_BEFORE_FAULT_MAX), detail));
      }
      int count = 1 + random.nextInt(LIFE_STEPS_MAX);
      for (int i = 0; i < count; i++) {
        Operation operation = OPERATIONS.get(random.nextInt(OPERATIONS.size()));
        steps.add(new Step(operation, random.nextInt(Found.KEYS), random.nextInt(1 << 20)));
      }
      Operation end = ENDS.get(random.nextInt(ENDS.size()));
      steps.add(new Step(end, 0, random.nextInt(1 << 20)));
    }
    steps.add(new Step(Operation.POWER_CUT, 0, random.nextInt(1 << 20)));
    return new Script(sectorBytes, steps);
  }

  /** Runs all steps; throws an AssertionError where Firn does not keep a promise. */
  void run() throws IOException {
    new Run().run();
  }

  private final class Run {
    private VolumeUnderTest volume;
    private FaultPlan plan = FaultPlan.none();

    /** Whether nothing can be done with the volume before it is opened again. */
    private boolean broken;

    /** What a power cut in the middle of an operation left, or null. */
    private SimulatedDisk cut;

    private History cutHistory;

    void run() throws IOException {
      volume = VolumeUnderTest.create(new SimulatedDisk(sectorBytes));
      try {
        for (Step step : steps) {
          if (step.operation().endsLife()) {
            if (!nextLife(step)) {
              return;
            }
          } else if (!step.operation().isOfVolume()) {
            arm(step);
          } else if (!broken && volume.isPossible(step)) {
            runOne(step);
          }
        }
      } finally {
        volume.die();
      }
    }

    private void arm(Step step) {
      if (step.operation() == Operation.POWER_CUT_DURING) {
        VolumeUnderTest current = volume;
        long at = current.disk.changes() + step.choice();
        current.disk.observe(
            (call, file) -> {
              if (current.disk.changes() == at) {
                cut = current.disk.powerCut(new Random(step.number()));
                cutHistory = current.history.copy();
              }
            });
      } else if (plan.kind() == null) {
        FaultPlan.Kind kind = FaultPlan.Kind.valueOf(step.operation().name());
        plan = FaultPlan.once(kind, step.choice(), step.number());
        volume.disk.plan(plan);
      }
    }

    private boolean lied() {
      return plan.fired() && plan.kind().isLie();
    }

    private void runOne(Step step) throws IOException {
      boolean firedBefore = plan.fired();
      IOException thrown = null;
      try {
        volume.run(step);
      } catch (IOException e) {
        thrown = e;
      }
      if (lied()) {
        assertTrue(
            thrown == null
                || thrown instanceof CorruptDataException
                || thrown instanceof StoreFailedException,
            () -> step + " on a disk that lied");
        broken = thrown != null;
      } else if (plan.fired() && !firedBefore) {
        volume.requireTold(step, plan, thrown);
        broken = volume.map().failure() != null;
      } else {
        assertNull(thrown, () -> step + " failed");
      }
    }

    /** False if the script ends here, since the disk cannot be trusted any more. */
    private boolean nextLife(Step step) throws IOException {
      SimulatedDisk disk = volume.disk;
      disk.observe((call, file) -> {});
      if (cut != null) {
        volume.die();
        volume = VolumeUnderTest.recover(cut, cutHistory);
        cut = null;
        plan = FaultPlan.none();
        broken = false;
        return true;
      }
      if (step.operation() == Operation.OPEN_AGAIN && !lied()) {
        disk.plan(FaultPlan.none());
        volume = volume.openAgain();
        plan = FaultPlan.none();
        broken = false;
        return true;
      }
      if (step.operation() == Operation.CLOSE && !broken && !lied()) {
        disk.plan(FaultPlan.none());
        int newest = volume.history.newestIndex();
        long changes = disk.changes();
        volume.close();
        volume.history.committed(newest, disk.changes() > changes, disk.changes());
      } else {
        volume.die();
      }
      disk.plan(FaultPlan.none());
      if (step.operation() == Operation.POWER_CUT) {
        disk = disk.powerCut(new Random(step.number()));
      }
      History history = volume.history;
      if (lied()) {
        VolumeUnderTest.requireHonest(disk, history, plan);
        return false;
      }
      volume = VolumeUnderTest.recover(disk, history);
      plan = FaultPlan.none();
      broken = false;
      return true;
    }
  }

  /** What a run throws; null: nothing. */
  Throwable failure() {
    try {
      run();
      return null;
    } catch (IOException | RuntimeException | Error e) {
      return e;
    }
  }

  /** A script that fails, too, from which no step can be taken away. */
  Script shrink() {
    List<Step> left = new ArrayList<>(steps);
    int runs = 0;
    for (int chunk = left.size() / 2; chunk > 0; chunk = chunk > 1 ? chunk / 2 : 0) {
      boolean removed = true;
      while (removed && runs < SHRINK_RUNS_MAX) {
        removed = false;
        for (int from = 0; from < left.size(); ) {
          List<Step> fewer = new ArrayList<>(left);
          fewer.subList(from, Math.min(left.size(), from + chunk)).clear();
          runs++;
          if (new Script(sectorBytes, fewer).failure() != null) {
            left = fewer;
            removed = true;
          } else {
            from += chunk;
          }
        }
      }
    }
    return new Script(sectorBytes, left);
  }

  @Override
  public String toString() {
    return steps.stream()
        .map(step -> "\n  " + step)
        .collect(Collectors.joining("", "sectors of " + sectorBytes + " bytes:", ""));
  }
}
