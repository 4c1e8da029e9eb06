package dev.firn.fuse;

import java.util.concurrent.TimeUnit;

/** Waiting for what happens soon, at a time of its own. */
public final class Waiting {
  private static final long PAUSE_MILLIS = 2;

  private Waiting() {}

  /** A question that may fail. */
  public interface Condition {
    boolean holds() throws Exception;
  }

  /** Whether the condition came to hold within this time. */
  public static boolean until(long millis, Condition condition) throws Exception {
    long start = System.nanoTime();
    while (!condition.holds()) {
      if (System.nanoTime() - start > TimeUnit.MILLISECONDS.toNanos(millis)) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
    return true;
  }
}
