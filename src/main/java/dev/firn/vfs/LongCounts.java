package dev.firn.vfs;

/**
 * Counts by number, for millions of them: 16 bytes each in open-addressing tables, no objects. Safe
 * for concurrent use.
 */
final class LongCounts {
  private static final int STRIPES = 16;

  private final Stripe[] stripes = new Stripe[STRIPES];

  LongCounts() {
    for (int i = 0; i < STRIPES; i++) {
      stripes[i] = new Stripe();
    }
  }

  /** Adds to a number's count, not below 0; answers the new count. The number must not be 0. */
  long add(long number, long change) {
    return stripe(number).add(number, change);
  }

  long count(long number) {
    return stripe(number).count(number);
  }

  private Stripe stripe(long number) {
    return stripes[(int) (hash(number) >>> 60)];
  }

  private static long hash(long number) {
    return number * 0x9e3779b97f4a7c15L;
  }

  /** One table; a count of 0 is no entry, and 0 is no number. */
  private static final class Stripe {
    private long[] numbers = new long[16];
    private long[] counts = new long[16];
    private int size;

    synchronized long count(long number) {
      int slot = find(number);
      return numbers[slot] == number ? counts[slot] : 0;
    }

    synchronized long add(long number, long change) {
      int slot = find(number);
      boolean present = numbers[slot] == number;
      long count = Math.max(0, (present ? counts[slot] : 0) + change);
      if (count == 0) {
        if (present) {
          removeAt(slot);
        }
        return 0;
      }
      if (!present) {
        if (size >= numbers.length / 2) {
          resize(numbers.length * 2);
          slot = find(number);
        }
        numbers[slot] = number;
        size++;
      }
      counts[slot] = count;
      return count;
    }

    private int home(long number) {
      return (int) (hash(number) >>> 16) & (numbers.length - 1);
    }

    private int find(long number) {
      int slot = home(number);
      while (numbers[slot] != 0 && numbers[slot] != number) {
        slot = (slot + 1) & (numbers.length - 1);
      }
      return slot;
    }

    /** Moves later entries of the chain back, so that no searches end too early. */
    private void removeAt(int slot) {
      int mask = numbers.length - 1;
      int hole = slot;
      int next = (slot + 1) & mask;
      while (numbers[next] != 0) {
        int distance = (next - home(numbers[next])) & mask;
        if (distance >= ((next - hole) & mask)) {
          numbers[hole] = numbers[next];
          counts[hole] = counts[next];
          hole = next;
        }
        next = (next + 1) & mask;
      }
      numbers[hole] = 0;
      size--;
      if (numbers.length > 1024 && size < numbers.length / 8) {
        resize(numbers.length / 2);
      }
    }

    private void resize(int capacity) {
      long[] oldNumbers = numbers;
      long[] oldCounts = counts;
      numbers = new long[capacity];
      counts = new long[capacity];
      for (int i = 0; i < oldNumbers.length; i++) {
        if (oldNumbers[i] != 0) {
          int slot = find(oldNumbers[i]);
          numbers[slot] = oldNumbers[i];
          counts[slot] = oldCounts[i];
        }
      }
    }
  }
}
