package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** With a clock of its own: each request takes what the place makes it take. */
class WorkerPlaceTest {
  /** Each answer is waited for. */
  private static final Client WAITS = new Client(15_000, 50_000);

  /** There are always several under way. */
  private static final Client GOES_ON = new Client(14_000, 8_000);

  /** It makes no difference. */
  private static final Client EITHER = new Client(10_000, 10_000);

  private static final int MANY = 400_000;

  /** More than a trial takes. */
  private static final int FEW = 500;

  private record Client(int homeNanos, int elsewhereNanos) {}

  private final Random random = Seeds.random("WorkerPlaceTest");
  private final WorkerPlace place = new WorkerPlace(2);
  private long now = random.nextLong();

  /** Answers which of a thousand requests were served elsewhere. */
  private double permille(Client client, int requests) {
    int count = 0;
    for (int i = 0; i < requests; i++) {
      boolean elsewhere = place.next(now);
      count += elsewhere ? 1 : 0;
      int nanos = elsewhere ? client.elsewhereNanos : client.homeNanos;
      now += (long) (nanos * (0.7 + 0.6 * random.nextDouble()));
    }
    return count * 1000.0 / requests;
  }

  @Test
  void whoWaitsForEachAnswerIsServedAtHome() {
    double permille = permille(WAITS, MANY);
    assertTrue(permille > 0, "never tried");
    assertTrue(permille < 3, permille + " of 1000 elsewhere");
  }

  @Test
  void whoGoesOnIsServedElsewhere() {
    permille(GOES_ON, 2000);
    double permille = permille(GOES_ON, MANY);
    assertTrue(permille > 980, permille + " of 1000 elsewhere");
  }

  @Test
  void whereItMakesNoDifferenceHomeIsStayedAt() {
    double permille = permille(EITHER, MANY);
    assertTrue(permille < 30, permille + " of 1000 elsewhere");
  }

  @Test
  void whatChangesIsFoundSoon() {
    for (int round = 0; round < 5; round++) {
      permille(GOES_ON, 2 * WorkerPlace.TRIAL_ROWS_MAX * place.rowRequests());
      assertTrue(permille(GOES_ON, FEW) > 500);
      permille(WAITS, 2 * place.rowRequests());
      assertTrue(permille(WAITS, FEW) < 500);
    }
  }

  @Test
  void aRowWithAPauseDoesNotCount() {
    for (int i = 0; i < 5000; i++) {
      assertEquals(0, permille(GOES_ON, place.rowRequests()));
      now += WorkerPlace.PAUSE_NANOS + 1;
    }
  }

  @Test
  void aTrialWithPausesIsLost() {
    double permille = permille(new Client(15_000, 2 * (int) WorkerPlace.PAUSE_NANOS), MANY);
    assertTrue(permille > 0, "never tried");
    assertTrue(permille < 1, permille + " of 1000 elsewhere");
  }

  @Test
  void elsewhereIsLeftWhereNoRowEnds() {
    permille(GOES_ON, 10_000);
    assertTrue(permille(GOES_ON, FEW) > 500);
    for (long waited = 0; waited < 2 * WorkerPlace.FORGET_NANOS; waited += 3_000_000) {
      permille(WAITS, 1);
      now += 3_000_000;
    }
    assertEquals(0, permille(WAITS, 1));
  }

  @Test
  void whatWasFoundLongAgoIsForgotten() {
    permille(GOES_ON, 10_000);
    now += WorkerPlace.PAUSE_NANOS + 1;
    assertTrue(permille(GOES_ON, FEW) > 500);
    now += WorkerPlace.FORGET_NANOS + 1;
    assertEquals(0, permille(GOES_ON, WorkerPlace.TRIAL_ROWS_MIN * place.rowRequests()));
    assertTrue(permille(GOES_ON, 1000) > 0);
  }
}
