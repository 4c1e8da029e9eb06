package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PieceCountsTest {
  private static final long PERIOD_NANOS = 1L << 32;

  private final PieceCounts counts = new PieceCounts(1 << 10);

  @Test
  void countsEachKeyByItself() {
    for (int count = 1; count <= 5; count++) {
      assertEquals(count, counts.count(7, 1, 0));
      assertEquals(count, counts.count(8, 1, 0));
    }
  }

  @Test
  void whatIsDoneIsNotCountedForAWhile() {
    counts.count(7, 1, 0);
    counts.done(7, 0);
    assertEquals(0, counts.count(7, 1, 0));
    assertEquals(0, counts.count(7, 1, PERIOD_NANOS));
    assertEquals(1, counts.count(7, 1, 2 * PERIOD_NANOS));
    counts.done(9, 0);
    assertEquals(0, counts.count(9, 1, 0));
  }

  @Test
  void oldCountsAreForgotten() {
    assertEquals(1, counts.count(7, 1, 0));
    assertEquals(2, counts.count(7, 1, PERIOD_NANOS));
    assertEquals(1, counts.count(7, 1, 2 * PERIOD_NANOS));
  }

  /** A clock may begin below 0 and passes it, and the few bits that are kept of it turn over. */
  @Test
  void anyTimeWillDo() {
    for (long start : new long[] {-PERIOD_NANOS, 2047 * PERIOD_NANOS, Long.MAX_VALUE - 1}) {
      assertEquals(1, counts.count(start, 1, start));
      assertEquals(2, counts.count(start, 1, start + PERIOD_NANOS));
      assertEquals(1, counts.count(start, 1, start + 2 * PERIOD_NANOS));
    }
  }

  @Test
  void whatIsMuchLargerThanTheTableIsNeverCountedFar() {
    Random random = Seeds.random("PieceCountsTest");
    int far = 0;
    // With room for all, about 1,900 of the keys would be counted to 4.
    for (int i = 0; i < 100_000; i++) {
      if (counts.count(random.nextInt(100_000), 1, 0) >= 4) {
        far++;
      }
    }
    assertTrue(far < 300, far + " were counted far");
  }

  @Test
  void whatIsAskedForMostStays() {
    Random random = Seeds.random("PieceCountsTest");
    int last = 0;
    for (int i = 0; i < 10_000; i++) {
      counts.count(1000 + random.nextInt(100_000), 1, 0);
      if (i % 8 == 0) {
        last = counts.count(7, 1, 0);
      }
    }
    assertTrue(last > 1000, "counted to " + last + " of 1250");
  }
}
