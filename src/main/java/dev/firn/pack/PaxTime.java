package dev.firn.pack;

/**
 * A time in a pax header: decimal seconds since 1970, with up to nine digits of fraction, negative
 * before.
 *
 * @param nanos 0 to 999,999,999, towards later times
 */
record PaxTime(long seconds, int nanos) {
  private static final int NANOS_PER_SECOND = 1_000_000_000;
  private static final int FRACTION_DIGITS = 9;

  String text() {
    if (nanos == 0) {
      return Long.toString(seconds);
    }
    boolean negative = seconds < 0;
    long whole = negative ? -(seconds + 1) : seconds;
    int fraction = negative ? NANOS_PER_SECOND - nanos : nanos;
    String digits = String.format("%09d", fraction).replaceAll("0+$", "");
    return (negative ? "-" : "") + whole + "." + digits;
  }

  /**
   * @throws IllegalArgumentException if it is no time
   */
  static PaxTime parse(String text) {
    if (!text.matches("-?[0-9]{1,18}(\\.[0-9]*)?")) {
      throw new IllegalArgumentException("its time is malformed");
    }
    boolean negative = text.startsWith("-");
    int point = text.indexOf('.');
    long whole =
        Long.parseLong(text.substring(negative ? 1 : 0, point < 0 ? text.length() : point));
    String digits = point < 0 ? "" : text.substring(point + 1);
    digits = (digits + "000000000").substring(0, FRACTION_DIGITS);
    int fraction = Integer.parseInt(digits);
    if (!negative) {
      return new PaxTime(whole, fraction);
    }
    return fraction == 0
        ? new PaxTime(-whole, 0)
        : new PaxTime(-whole - 1, NANOS_PER_SECOND - fraction);
  }
}
