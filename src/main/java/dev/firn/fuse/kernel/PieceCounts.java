package dev.firn.fuse.kernel;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts, for things that have parts, how many of its parts were asked for one by one within the
 * last seconds. A table of fixed size that forgets: who comes takes the place of who was asked for
 * least. So what is much larger than the table is never counted far.
 *
 * <pre>
 *  bits 63-32 tag: half of the key's hash, the other half says where it is
 *  bits 31-21 period of the first count
 *  bit  20    done
 *  bits 19-0  count
 * </pre>
 *
 * <p>Safe for concurrent use, without locks: two at once may count as one, and one in 2^32 keys is
 * taken for another. Either makes a guess about the future worse, and nothing wrong.
 */
final class PieceCounts {
  /** 4.3 s of {@link System#nanoTime}. A count lasts for one to two of them. */
  private static final int PERIOD_SHIFT = 32;

  private static final int PERIOD_BITS = 11;
  private static final int PERIOD_AT = 21;
  private static final long PERIOD_MASK = (1L << PERIOD_BITS) - 1;
  private static final long DONE = 1L << 20;
  private static final long COUNT_MASK = DONE - 1;

  private final AtomicLongArray words;

  /**
   * @param size of the table, a power of 2, at least 2
   */
  PieceCounts(int size) {
    assert size >= 2 && Integer.bitCount(size) == 1;
    words = new AtomicLongArray(size);
  }

  /**
   * Counts more.
   *
   * @param weight how many, at least 1
   * @return the count by now; 0 if all of it was {@link #done} lately
   */
  int count(long key, int weight, long nanoTime) {
    long hash = hash(key);
    long period = nanoTime >>> PERIOD_SHIFT & PERIOD_MASK;
    int at = find(hash, period);
    if (at < 0) {
      words.setOpaque(-at - 1, word(hash, period, weight));
      return weight;
    }
    long word = words.getOpaque(at);
    if ((word & DONE) != 0) {
      return 0;
    }
    int count = (int) Math.min((word & COUNT_MASK) + weight, COUNT_MASK);
    words.setOpaque(at, word & ~COUNT_MASK | count);
    return count;
  }

  /** From now on it is not counted, for as long as a count would have lasted. */
  void done(long key, long nanoTime) {
    long hash = hash(key);
    long period = nanoTime >>> PERIOD_SHIFT & PERIOD_MASK;
    int at = find(hash, period);
    words.setOpaque(at < 0 ? -at - 1 : at, word(hash, period, DONE | COUNT_MASK));
  }

  /** Where it is, or -1 - where it may be put. */
  private int find(long hash, long period) {
    int first = (int) hash & words.length() - 2;
    int place = first;
    long least = Long.MAX_VALUE;
    for (int at = first; at <= first + 1; at++) {
      long word = words.getOpaque(at);
      boolean old = (period - (word >>> PERIOD_AT & PERIOD_MASK) & PERIOD_MASK) > 1;
      if (!old && (word ^ hash) >>> 32 == 0 && (word & COUNT_MASK) > 0) {
        return at;
      }
      long count = old ? 0 : word & COUNT_MASK;
      if (count < least) {
        least = count;
        place = at;
      }
    }
    return -place - 1;
  }

  private static long word(long hash, long period, long rest) {
    return hash & 0xffffffffL << 32 | period << PERIOD_AT | rest;
  }

  /** Every bit of the key changes about half of the bits. */
  private static long hash(long key) {
    long mixed = (key ^ key >>> 32) * 0x9e3779b97f4a7c15L;
    mixed = (mixed ^ mixed >>> 29) * 0xbf58476d1ce4e5b9L;
    return mixed ^ mixed >>> 32;
  }
}
