package dev.firn.snapshot;

import java.util.Arrays;

/** Ranges of a file, ascending and apart from each other. For one thread. */
public final class Ranges {
  private long[] bounds = new long[2];
  private int count;

  /** Adds a range that does not begin before the last one added. */
  void add(long from, long to) {
    if (count > 0 && from <= bounds[2 * count - 1]) {
      bounds[2 * count - 1] = Math.max(bounds[2 * count - 1], to);
      return;
    }
    if (2 * count == bounds.length) {
      bounds = Arrays.copyOf(bounds, 2 * bounds.length);
    }
    bounds[2 * count] = from;
    bounds[2 * count + 1] = to;
    count++;
  }

  public boolean isEmpty() {
    return count == 0;
  }

  public int count() {
    return count;
  }

  public long from(int index) {
    return bounds[2 * index];
  }

  /** The first offset behind a range. */
  public long to(int index) {
    return bounds[2 * index + 1];
  }
}
