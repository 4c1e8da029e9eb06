package dev.firn.map;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Leaves the disk and the processors to those who read and write: while they do, giving space back
 * takes one part in {@link #SHARE} of the time. Blocks that leave a file drop their pages, too, so
 * a gigabyte keeps a processor busy for a third of a second. When nobody is at work, or the disk is
 * short and writers wait for space, it takes all of the time.
 *
 * <p>For one thread.
 */
final class ReclaimPace {
  static final int SHARE = 8;
  static final long PAUSE_NANOS_MAX = TimeUnit.SECONDS.toNanos(1);

  /** Whether space is needed now. */
  interface Urgency {
    boolean isUrgent() throws IOException;
  }

  private final LongSupplier othersWork;
  private final Urgency urgency;
  private final LongConsumer sleep;
  private long seen;
  private long pausedNanos;

  /**
   * @param othersWork grows whenever somebody reads or writes
   * @param sleep for so many nanoseconds
   */
  ReclaimPace(LongSupplier othersWork, Urgency urgency, LongConsumer sleep) {
    this.othersWork = othersWork;
    this.urgency = urgency;
    this.sleep = sleep;
    this.seen = othersWork.getAsLong();
  }

  /** To be called after each step of the work. */
  void stepTook(long nanos) throws IOException {
    long now = othersWork.getAsLong();
    if (now == seen || urgency.isUrgent()) {
      return;
    }
    long begin = System.nanoTime();
    sleep.accept(Math.min(nanos * (SHARE - 1), PAUSE_NANOS_MAX));
    pausedNanos += System.nanoTime() - begin;
    // What came during the pause counts: who works all the time may need longer than a step.
    seen = now;
  }

  long pausedNanos() {
    return pausedNanos;
  }
}
