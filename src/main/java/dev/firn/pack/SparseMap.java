package dev.firn.pack;

import java.util.Arrays;

/** Where a sparse file's data lies: ascending runs that do not overlap. */
final class SparseMap {
  private long[] offsets = new long[8];
  private long[] lengths = new long[8];
  private int count;
  private long dataBytes;

  /** Adds a run; those of no length mark the end of a file in archives, and are left out. */
  void add(long offset, long length) {
    if (offset < 0 || length < 0 || offset > Long.MAX_VALUE - length || offset < end()) {
      throw new IllegalArgumentException("its sparse map is out of order");
    }
    if (length == 0) {
      return;
    }
    if (count == offsets.length) {
      offsets = Arrays.copyOf(offsets, count * 2);
      lengths = Arrays.copyOf(lengths, count * 2);
    }
    offsets[count] = offset;
    lengths[count] = length;
    count++;
    dataBytes += length;
  }

  int count() {
    return count;
  }

  long offset(int index) {
    return offsets[index];
  }

  long length(int index) {
    return lengths[index];
  }

  /** The bytes of all runs together. */
  long dataBytes() {
    return dataBytes;
  }

  /** Where the last run ends. */
  long end() {
    return count == 0 ? 0 : offsets[count - 1] + lengths[count - 1];
  }
}
