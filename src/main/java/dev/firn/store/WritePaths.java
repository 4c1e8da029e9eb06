package dev.firn.store;

/**
 * Chooses how long writes reach the disk: through the system's cache, or directly. A fast disk
 * takes bytes sooner than the system finds memory to keep a second copy of them in (file bytes are
 * in the cache of the mount already); a slow one would hold up each write. So it goes the way that
 * took less time lately, and now and then the other one, to know. Updates of several threads may
 * lose one another: an estimate does not mind.
 */
final class WritePaths {
  /** One in so many writes goes the way that seems slower. */
  private static final int TRIED_ONE_IN = 256;

  /** The first write that goes through the cache. */
  private static final int FIRST_TRIED = 4;

  /** An observation's weight is 1 in this many. */
  private static final int WEIGHT = 4;

  private double directNanosPerByte;
  private double cachedNanosPerByte;
  private int count;

  /** Whether the next write goes directly. */
  boolean nextIsDirect() {
    count++;
    if (cachedNanosPerByte == 0) {
      return count % FIRST_TRIED != 0;
    }
    boolean tryOther = count % TRIED_ONE_IN == 0;
    return directNanosPerByte <= cachedNanosPerByte != tryOther;
  }

  void took(boolean direct, int bytes, long nanos) {
    double nanosPerByte = (double) nanos / bytes;
    if (direct) {
      directNanosPerByte = next(directNanosPerByte, nanosPerByte);
    } else {
      cachedNanosPerByte = next(cachedNanosPerByte, nanosPerByte);
    }
  }

  private static double next(double average, double observed) {
    return average == 0 ? observed : average + (observed - average) / WEIGHT;
  }
}
