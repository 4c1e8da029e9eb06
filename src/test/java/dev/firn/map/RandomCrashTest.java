package dev.firn.map;

import dev.firn.Seeds;
import java.time.Duration;
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
