package dev.firn.store;

/**
 * A place in a volume's log.
 *
 * @param segment the segment's id
 * @param offset bytes from its start
 * @param nextLsn the LSN of the record there, or of the first one to be written
 */
public record LogPosition(long segment, long offset, long nextLsn) {

  /** The first segment's id of a volume's log; the volume is the upper half, 1 to 2^31 - 1. */
  public static long firstSegment(long volumeNumber) {
    return volumeNumber << 32 | 1;
  }

  /** Which volume's log a segment belongs to. */
  public static long volumeOf(long segment) {
    return segment >>> 32;
  }

  /** The start of the log of a volume that nothing was written to. */
  public static LogPosition start(long volumeNumber) {
    return new LogPosition(firstSegment(volumeNumber), 0, 1);
  }

  /** Whether it lies before another place of the same log. */
  public boolean isBefore(LogPosition other) {
    return segment != other.segment ? segment < other.segment : offset < other.offset;
  }
}
