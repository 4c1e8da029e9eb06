package dev.firn.fuse.kernel;

import java.util.concurrent.locks.ReentrantLock;

/**
 * Where workers serve direct reads and writes of few bytes: at their queue's processor, which
 * whoever asks is at, or elsewhere. Who waits for each answer is best served there: nobody is woken
 * on another processor. Who has several requests under way (asynchronous I/O of virtual machines,
 * loop devices and databases) does not wait, and can go on beside a worker that is elsewhere.
 *
 * <p>How many are under way a server is not told: at one processor, each request is answered before
 * the next one is sent. So it is tried. Requests are counted in rows; after some rows at one place
 * there is one at the other, which is stayed at if the row took less time there, by an eighth at
 * least. Trials that change nothing become rarer, down to one row in a thousand.
 *
 * <p>All queues count together, and their workers are all at their processors or all elsewhere:
 * each queue for itself would gain by taking others' processors from them, and all together lose.
 *
 * <p>Invariants: a row has no pause in it, and no request from just after a change of place.
 * Elsewhere is left when no row has ended for a while. Safe for concurrent use; of requests that
 * come at the same moment one is counted.
 */
final class WorkerPlace {
  /** Of this process. */
  static final WorkerPlace SHARED = new WorkerPlace(Affinity.processors());

  /** Rows at a place before the first trial of the other, and at most. */
  static final int TRIAL_ROWS_MIN = 16;

  static final int TRIAL_ROWS_MAX = 1024;

  /** What took longer was not serving: the row begins anew. */
  static final long PAUSE_NANOS = 2_000_000;

  /** After that without a row what was found does not hold any more. */
  static final long FORGET_NANOS = 1_000_000_000;

  /** In a row, for each processor: the time of so many says more than chance does. */
  private static final int ROW_REQUESTS = 32;

  /** Not counted after a change, for each processor: threads find their places. */
  private static final int SETTLING_REQUESTS = 16;

  /** Nor is what comes so soon after one: until then {@link BusyWait} may go on elsewhere. */
  private static final long SETTLING_NANOS = 300_000;

  private final int rowRequests;
  private final int settlingRequests;
  private final ReentrantLock lock = new ReentrantLock();

  /** Written under the lock. */
  private volatile boolean elsewhere;

  // Guarded by lock.
  private boolean begun;
  private boolean trial;
  private int rowsToTrial;
  private int trialRows;
  private boolean settling;

  /** Of the row, or of what is not counted. */
  private int requestsLeft;

  private long startNanos;
  private long rowEndNanos;
  private long lastNanos;

  /** What rows take at the place that was found better: the average of some; 0: not known. */
  private long rowNanos;

  /**
   * @param processors that requests may come on
   */
  WorkerPlace(int processors) {
    rowRequests = ROW_REQUESTS * processors;
    settlingRequests = SETTLING_REQUESTS * processors;
  }

  /** How many requests one row has. */
  int rowRequests() {
    return rowRequests;
  }

  /**
   * A direct read or write of few bytes has come.
   *
   * @param nanoTime of {@link System#nanoTime}, now
   * @return whether it is to be served elsewhere
   */
  boolean next(long nanoTime) {
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
    if (begun && nanoTime - lastNanos < 0) {
      // It waited for its turn here after it had looked at the clock.
      return;
    }
    if (!begun || nanoTime - rowEndNanos > FORGET_NANOS) {
      beginAtHome(nanoTime);
    } else if (nanoTime - lastNanos > PAUSE_NANOS) {
      pause(nanoTime);
    }
    lastNanos = nanoTime;
    requestsLeft--;
    long tookNanos = nanoTime - startNanos;
    if (settling) {
      if (requestsLeft <= 0 && tookNanos >= SETTLING_NANOS) {
        beginRow(nanoTime);
      }
    } else if (requestsLeft <= 0 || isLost(tookNanos)) {
      rowEndNanos = nanoTime;
      boolean before = elsewhere;
      endRow(tookNanos);
      if (elsewhere == before) {
        beginRow(nanoTime);
      } else {
        settle(nanoTime);
      }
    }
  }

  /** A trial with one is lost: it would begin anew for ever where each takes so long. */
  private void pause(long nanoTime) {
    if (trial) {
      endTrial(Long.MAX_VALUE);
    }
    settle(nanoTime);
  }

  private void beginRow(long nanoTime) {
    settling = false;
    startNanos = nanoTime;
    requestsLeft = rowRequests;
  }

  /** Whether it need not go on to know that a trial is of no use. */
  private boolean isLost(long tookNanos) {
    return trial && tookNanos >= rowNanos;
  }

  private void beginAtHome(long nanoTime) {
    begun = true;
    elsewhere = false;
    trial = false;
    trialRows = TRIAL_ROWS_MIN;
    rowsToTrial = trialRows;
    rowNanos = 0;
    rowEndNanos = nanoTime;
    settle(nanoTime);
  }

  private void settle(long nanoTime) {
    settling = true;
    startNanos = nanoTime;
    requestsLeft = settlingRequests;
  }

  private void endRow(long tookNanos) {
    if (trial) {
      endTrial(tookNanos);
      return;
    }
    boolean slower = elsewhere && tookNanos > 2 * rowNanos;
    boolean first = rowNanos == 0;
    rowNanos = first || slower ? tookNanos : rowNanos + (tookNanos - rowNanos) / 4;
    rowsToTrial--;
    if (slower || rowsToTrial <= 0) {
      // Slower at once: whoever had several under way waits for each now, or has gone.
      trial = true;
      elsewhere = !elsewhere;
    }
  }

  private void endTrial(long tookNanos) {
    trial = false;
    if (tookNanos < rowNanos - rowNanos / 8) {
      trialRows = TRIAL_ROWS_MIN;
      rowNanos = tookNanos;
    } else {
      trialRows = Math.min(2 * trialRows, TRIAL_ROWS_MAX);
      elsewhere = !elsewhere;
    }
    rowsToTrial = trialRows;
  }
}
