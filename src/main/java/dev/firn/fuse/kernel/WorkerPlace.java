package dev.firn.fuse.kernel;

import java.util.concurrent.locks.ReentrantLock;

/**
 * Where workers serve direct reads and writes: at their queue's processor, which whoever asks is
 * at, or elsewhere. Who waits for each answer is best served there: nobody is woken on another
 * processor. Who has several requests under way (asynchronous I/O of virtual machines, loop devices
 * and databases) does not wait, and can go on beside a worker that is elsewhere.
 *
 * <p>How many are under way a server is not told: at one processor, each request is answered before
 * the next one is sent. So it is tried. Requests are counted in rows; after some rows at one place
 * there is one at the other, which is stayed at if the row took less time there, by an eighth at
 * least. Trials that change nothing become rarer, down to one row in a thousand.
 *
 * <p>All queues count together, and their workers are all at their processors or all elsewhere:
 * each queue for itself would gain by taking others' processors from them, and all together lose.
 *
 * <p>Invariant: a row has no pause in it, and no request from before or just after a change of
 * place. Safe for concurrent use; of requests that come at the same moment one is counted.
 */
final class WorkerPlace {
  /** Of this process. */
  static final WorkerPlace SHARED = new WorkerPlace();

  /** In a row; the time of so many says more than chance does. */
  static final int ROW_REQUESTS = 64;

  /** Not counted after a change: threads find their places. */
  static final int SETTLING_REQUESTS = 8;

  /** Rows at a place before the first trial of the other, and at most. */
  static final int TRIAL_ROWS_MIN = 16;

  static final int TRIAL_ROWS_MAX = 1024;

  /** What took longer was not serving: the row begins anew. */
  static final long PAUSE_NANOS = 2_000_000;

  /** After that what was found does not hold any more. */
  static final long FORGET_NANOS = 1_000_000_000;

  private final ReentrantLock lock = new ReentrantLock();

  /** Written under the lock. */
  private volatile boolean elsewhere;

  // Guarded by lock.
  private boolean trial;
  private int rowsToTrial = TRIAL_ROWS_MIN;
  private int trialRows = TRIAL_ROWS_MIN;
  private int requestsLeft = ROW_REQUESTS;
  private boolean settling = true;
  private long rowStartNanos;
  private long lastNanos;

  /** What rows take at the place that was found better: the average of some; 0: not known. */
  private long rowNanos;

  /**
   * A direct read or write of few bytes has come.
   *
   * @param nanoTime of {@link System#nanoTime}, now
   * @return whether it is to be served elsewhere
   */
  boolean isElsewhere(long nanoTime) {
    if (lock.tryLock()) {
      try {
        count(nanoTime);
      } finally {
        lock.unlock();
      }
    }
    return elsewhere;
  }

  private void count(long nanoTime) {
    long gapNanos = nanoTime - lastNanos;
    lastNanos = nanoTime;
    if (gapNanos > FORGET_NANOS) {
      beginAtHome();
    } else if (gapNanos > PAUSE_NANOS) {
      settle();
    }
    requestsLeft--;
    long tookNanos = nanoTime - rowStartNanos;
    if (settling && requestsLeft == 0) {
      beginRow(nanoTime);
    } else if (!settling && (requestsLeft == 0 || isLost(tookNanos))) {
      beginRow(nanoTime);
      endRow(tookNanos);
    }
  }

  private void beginRow(long nanoTime) {
    settling = false;
    rowStartNanos = nanoTime;
    requestsLeft = ROW_REQUESTS;
  }

  /** Whether it need not go on to know that a trial is of no use. */
  private boolean isLost(long tookNanos) {
    return trial && tookNanos >= rowNanos;
  }

  private void beginAtHome() {
    elsewhere = false;
    trial = false;
    trialRows = TRIAL_ROWS_MIN;
    rowsToTrial = trialRows;
    rowNanos = 0;
    settle();
  }

  private void settle() {
    settling = true;
    requestsLeft = SETTLING_REQUESTS;
  }

  private void endRow(long tookNanos) {
    if (trial) {
      endTrial(tookNanos);
      return;
    }
    boolean slower = elsewhere && tookNanos > 2 * rowNanos;
    rowNanos = rowNanos == 0 ? tookNanos : rowNanos + (tookNanos - rowNanos) / 4;
    rowsToTrial--;
    if (slower || rowsToTrial <= 0) {
      // Slower at once: whoever had several under way waits for each now, or has gone.
      trial = true;
      move();
    }
  }

  private void endTrial(long tookNanos) {
    trial = false;
    if (tookNanos < rowNanos - rowNanos / 8) {
      trialRows = TRIAL_ROWS_MIN;
      rowNanos = tookNanos;
    } else {
      trialRows = Math.min(2 * trialRows, TRIAL_ROWS_MAX);
      move();
    }
    rowsToTrial = trialRows;
  }

  private void move() {
    elsewhere = !elsewhere;
    settle();
  }
}
