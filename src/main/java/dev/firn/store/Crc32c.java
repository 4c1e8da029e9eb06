package dev.firn.store;

/**
 * What the JDK's CRC32C does not offer: the checksum of two runs of bytes, one behind the other, by
 * the checksums of both.
 *
 * <p>A CRC is the remainder of the bytes as a polynomial over GF(2). To append n bytes is to
 * multiply by x^(8n); this factor is what is called the shift. Polynomials are kept as CRC32C keeps
 * them: the highest bit is the coefficient of x^0.
 */
final class Crc32c {
  private static final int POLYNOMIAL = 0x82f63b78;
  private static final int ONE = 1 << 31;

  /** x^(8 * 2^k). */
  private static final int[] POWERS = new int[32];

  static {
    POWERS[0] = ONE >>> 8;
    for (int k = 1; k < POWERS.length; k++) {
      POWERS[k] = multiply(POWERS[k - 1], POWERS[k - 1]);
    }
  }

  private Crc32c() {}

  /** By what to shift the checksum of bytes that {@code bytes} more follow. */
  static int shift(int bytes) {
    int factor = ONE;
    int k = 0;
    for (int rest = bytes; rest != 0; rest >>>= 1, k++) {
      if ((rest & 1) != 0) {
        factor = multiply(POWERS[k], factor);
      }
    }
    return factor;
  }

  /**
   * The checksum of two runs.
   *
   * @param shift for the second's length
   */
  static int concatenated(int first, int second, int shift) {
    return multiply(first, shift) ^ second;
  }

  private static int multiply(int a, int b) {
    int product = 0;
    int shifted = b;
    for (int bit = 31; bit >= 0; bit--) {
      // Without branches, which would be taken at random.
      product ^= shifted & -(a >>> bit & 1);
      shifted = shifted >>> 1 ^ POLYNOMIAL & -(shifted & 1);
    }
    return product;
  }
}
