package dev.firn.map;

import java.util.Arrays;

/** A set of numbers other than 0, in 8 to 16 bytes each. Not safe for concurrent use. */
final class LongSet {
  private long[] slots = new long[1024];
  private int size;

  /** Whether it was not there yet. */
  boolean add(long value) {
    assert value != 0;
    if (!insert(slots, value)) {
      return false;
    }
    size++;
    if (size > slots.length / 4 * 3) {
      grow();
    }
    return true;
  }

  private static boolean insert(long[] slots, long value) {
    int mask = slots.length - 1;
    int at = (int) (value * 0x9e3779b97f4a7c15L >>> 32) & mask;
    while (slots[at] != 0) {
      if (slots[at] == value) {
        return false;
      }
      at = at + 1 & mask;
    }
    slots[at] = value;
    return true;
  }

  private void grow() {
    long[] larger = new long[slots.length * 2];
    Arrays.stream(slots).filter(value -> value != 0).forEach(value -> insert(larger, value));
    slots = larger;
  }
}
