package dev.firn.store;

import dev.firn.base.Bytes;

/**
 * What the first record of a segment says.
 *
 * @param previousSegment the segment of this log that it continues; 0 for the first
 * @param previousEnd where the part of the previous segment that counts for replay ends; groups
 *     behind it were torn by a crash, or could not be written to a full disk, and do not count
 */
record SegmentHead(long volumeNumber, long previousSegment, long previousEnd) {
  /** Version u32, reserved u32, volume u64, previous segment u64, previous end u64. */
  static final int BYTES = 32;

  byte[] encode() {
    byte[] target = new byte[BYTES];
    Bytes.putInt(target, 0, FormatVersion.CURRENT);
    Bytes.putLong(target, 8, volumeNumber);
    Bytes.putLong(target, 16, previousSegment);
    Bytes.putLong(target, 24, previousEnd);
    return target;
  }

  static SegmentHead decode(byte[] source) throws CorruptDataException, NewerFormatException {
    if (source.length < BYTES) {
      throw new CorruptDataException("segment head of " + source.length + " bytes");
    }
    if (Bytes.getInt(source, 0) > FormatVersion.CURRENT) {
      throw new NewerFormatException(
          String.format(
              "a segment was written by a newer Firn (format %d; this one knows %d): upgrade Firn",
              Bytes.getInt(source, 0), FormatVersion.CURRENT));
    }
    return new SegmentHead(
        Bytes.getLong(source, 8), Bytes.getLong(source, 16), Bytes.getLong(source, 24));
  }
}
