package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.base.Sizes;

/**
 * How much something compressed may unpack to, so that a small file does not take hours and the
 * disk. What the user declares with --size counts in full; zeros, where they can be told, do not.
 *
 * @param freeBytes what anything may unpack to, however small it is
 * @param timesStored how many times its own bytes come on top
 * @param source what to call it in messages
 */
record UnpackLimit(long freeBytes, int timesStored, String source) {
  /** What also the smallest archive gets as a volume. */
  private static final long FREE_BYTES = Sizes.GIB;

  /**
   * gzip makes 1,030 bytes of one at most, and zstd 30,000, both only of runs of one byte: what is
   * worth unpacking has few of them.
   */
  private static final int TIMES_STORED = 500;

  static UnpackLimit of(ImportOptions options) {
    long declaredBytes = options.sizeBytes() == null ? 0 : options.sizeBytes();
    return new UnpackLimit(FREE_BYTES + declaredBytes, TIMES_STORED, options.source());
  }

  /**
   * @param storedBytes of which it was unpacked; less than 2^53
   * @throws FirnException of kind CORRUPT if that is too much
   */
  void check(long unpackedBytes, long storedBytes) {
    if (unpackedBytes - freeBytes > storedBytes * timesStored) {
      throw FirnException.corrupt(
          "%s unpacks to more than %s and %d times what it has itself, as bombs do; if it is no"
              + " such thing, say with --size how large a volume it needs",
          source, Sizes.format(freeBytes), timesStored);
    }
  }
}
