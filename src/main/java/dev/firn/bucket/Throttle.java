package dev.firn.bucket;

import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

/** Makes percent of bytes, and passes them on when they grow, once a second at most. */
final class Throttle {
  private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** What is not done before it is done. */
  private static final int PERCENT_MAX = 99;

  private final IntConsumer consumer;
  private long toldNanos = System.nanoTime();
  private int told;

  Throttle(IntConsumer consumer) {
    this.consumer = consumer;
  }

  /**
   * @param total 0 or less: not known
   */
  void told(long done, long total) {
    int percent = total <= 0 ? 0 : (int) Math.min(PERCENT_MAX, 100.0 * done / total);
    long now = System.nanoTime();
    if (percent > told && now - toldNanos >= INTERVAL_NANOS) {
      told = percent;
      toldNanos = now;
      consumer.accept(percent);
    }
  }
}
