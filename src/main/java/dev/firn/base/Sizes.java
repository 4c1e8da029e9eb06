package dev.firn.base;

import java.math.BigDecimal;
import java.util.Locale;

/** Sizes as users write and read them: K, M, G, T are powers of 1024. */
public final class Sizes {
  public static final long KIB = 1L << 10;
  public static final long MIB = 1L << 20;
  public static final long GIB = 1L << 30;

  /** The largest volume, 14,901 GiB, as in the API that Firn follows. */
  public static final long VOLUME_BYTES_MAX = 14_901 * GIB;

  private static final String UNITS = "KMGT";

  private Sizes() {}

  /**
   * Parses {@code 4096}, {@code 512M}, {@code 4G} or {@code 1.5T}.
   *
   * @return the size in bytes, at least 1
   * @throws FirnException of kind USAGE if it is not a number, not positive, or beyond 2^63 - 1
   */
  public static long parse(String text) {
    String number = text.trim().toUpperCase(Locale.ROOT);
    long unit = 1;
    if (number.endsWith("IB")) {
      number = number.substring(0, number.length() - 2);
    }
    if (!number.isEmpty() && UNITS.indexOf(number.charAt(number.length() - 1)) >= 0) {
      unit = 1L << (10 * (UNITS.indexOf(number.charAt(number.length() - 1)) + 1));
      number = number.substring(0, number.length() - 1);
    }
    if (!number.matches("-?[0-9]{1,19}(\\.[0-9]{1,6})?")) {
      throw FirnException.usage("size '%s' is not a number with K, M, G or T, like 4G", text);
    }
    BigDecimal bytes = new BigDecimal(number).multiply(BigDecimal.valueOf(unit));
    if (bytes.signum() <= 0) {
      throw FirnException.usage("size '%s' must be more than 0", text);
    }
    if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      throw FirnException.usage("size '%s' is beyond what a file system can hold", text);
    }
    return bytes.longValue();
  }

  /** Parses a volume's size: at least 1 MiB, at most 14,901 GiB. */
  public static long parseVolumeSize(String text) {
    long bytes = parse(text);
    if (bytes > VOLUME_BYTES_MAX) {
      throw FirnException.usage("size '%s' is more than the largest volume, 14901G", text);
    }
    if (bytes < MIB) {
      throw FirnException.usage("size '%s' is less than the smallest volume, 1M", text);
    }
    return bytes;
  }

  /** {@code bytes} for people: {@code 0 B}, {@code 1.5 KiB}, {@code 4.0 GiB}. */
  public static String format(long bytes) {
    if (bytes < KIB) {
      return bytes + " B";
    }
    int unit = Math.min((63 - Long.numberOfLeadingZeros(bytes)) / 10, UNITS.length());
    return String.format(
        Locale.ROOT, "%.1f %ciB", bytes / (double) (1L << (10 * unit)), UNITS.charAt(unit - 1));
  }
}
