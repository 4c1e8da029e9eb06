package dev.firn.map;

import dev.firn.Seeds;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Random work on a simulated disk whose power fails, whose process dies, or which fails or lies.
 *
 * <p>{@code -Dfirn.crashes=N} runs so many scripts; {@code -Dfirn.soak=PT2H} as many as fit into
 * that time; {@code -Dfirn.seed=S -Dfirn.crashes=1} repeats the one with seed S.
 */
class RandomCrashTest {
  private static final int RUNS = Integer.getInteger("firn.crashes", 8_000);
  private static final int RUNS_BETWEEN_PRINTS = 50_000;
  private static final Duration SOAK = Duration.parse(System.getProperty("firn.soak", "PT0S"));

  @Test
  void whateverHappensIsSurvivedOrTold() {
    long seed = Seeds.seed("whateverHappensIsSurvivedOrTold");
    long start = System.nanoTime();
    long run = 0;
    while (run < RUNS || System.nanoTime() - start < SOAK.toNanos()) {
      Script script = Script.random(seed + run);
      Throwable failure = script.failure();
      if (failure != null) {
        fail(seed + run, script, failure);
      }
      run++;
      if (run % RUNS_BETWEEN_PRINTS == 0) {
        System.out.println("whateverHappensIsSurvivedOrTold: " + run + " scripts");
      }
    }
    System.out.println(
        "whateverHappensIsSurvivedOrTold: " + run + " scripts, seeds from " + seed + " on");
  }

  /**
   * The head of a segment is damaged whose first group reuses the numbers of the checkpoint's
   * records; a COMMIT in the next segment says that the group had been durable.
   */
  @Test
  void aLostHeadBehindACheckpointIsNoticed() throws IOException {
    new Script(
            512,
            List.of(
                new Step(Operation.PUT, 0, 97505),
                new Step(Operation.PUT, 2, 659295),
                new Step(Operation.PUT, 9, 657176),
                new Step(Operation.FREEZE, 4, 873686),
                new Step(Operation.PUT, 6, 559001),
                new Step(Operation.CHECKPOINT, 6, 23643),
                new Step(Operation.POWER_CUT, 0, 613160),
                new Step(Operation.FLIPPED_BIT, 1, 889),
                new Step(Operation.PUT, 6, 462861),
                new Step(Operation.PUT, 11, 214886),
                new Step(Operation.COPY, 4, 661676),
                new Step(Operation.PUT, 6, 93483),
                new Step(Operation.CLONE, 11, 121096),
                new Step(Operation.COMMIT, 5, 513812),
                new Step(Operation.PUT, 1, 416496),
                new Step(Operation.STORE, 7, 352738),
                new Step(Operation.COMMIT, 2, 940229),
                new Step(Operation.DIE, 0, 711308)))
        .run();
  }

  private static void fail(long seed, Script script, Throwable failure) {
    Script shortest = script.shrink();
    Throwable shown = shortest.failure();
    throw new AssertionError(
        "repeat with -Dfirn.seed="
            + seed
            + " -Dfirn.crashes=1; the shortest script that still fails, "
            + shortest
            + "\n"
            + (shown != null ? shown : failure),
        shown != null ? shown : failure);
  }
}
