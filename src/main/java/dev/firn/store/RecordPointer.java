package dev.firn.store;

import dev.firn.base.Bytes;

/**
 * Where a record is and what it must hold. The checksum lives here, in the pointer, so that whoever
 * is trusted vouches for everything below it.
 *
 * @param segment the segment's id, never 0
 * @param offset of the record's header in the segment, in bytes, a multiple of 8
 * @param storedLength payload bytes on disk
 * @param rawLength payload bytes once unpacked
 * @param checksum the payload's CRC32C as the record's header has it
 */
public record RecordPointer(
    long segment,
    int offset,
    int storedLength,
    int rawLength,
    int checksum,
    Compression compression) {

  /** Bytes of the encoded form. */
  public static final int BYTES = 28;

  /**
   * Writes the 28 bytes: segment u64, offset, stored, raw, checksum u32, compression u8, 3 zero.
   */
  public void encode(byte[] target, int at) {
    Bytes.putLong(target, at, segment);
    Bytes.putInt(target, at + 8, offset);
    Bytes.putInt(target, at + 12, storedLength);
    Bytes.putInt(target, at + 16, rawLength);
    Bytes.putInt(target, at + 20, checksum);
    Bytes.putInt(target, at + 24, compression.code());
  }

  /** Reads what {@link #encode} wrote; null if the place is empty (segment 0). */
  public static RecordPointer decode(byte[] source, int at) throws CorruptDataException {
    long segment = Bytes.getLong(source, at);
    if (segment == 0) {
      return null;
    }
    RecordPointer pointer =
        new RecordPointer(
            segment,
            Bytes.getInt(source, at + 8),
            Bytes.getInt(source, at + 12),
            Bytes.getInt(source, at + 16),
            Bytes.getInt(source, at + 20),
            Compression.ofCode(source[at + 24]));
    if (pointer.offset < 0
        || pointer.storedLength < 0
        || pointer.storedLength > RecordFormat.PAYLOAD_BYTES_MAX
        || pointer.rawLength < 0
        || pointer.rawLength > RecordFormat.PAYLOAD_BYTES_MAX
        || (pointer.compression == Compression.NONE && pointer.rawLength != pointer.storedLength)) {
      throw new CorruptDataException("impossible record pointer " + pointer);
    }
    return pointer;
  }

  /** The offset behind the record and its padding. */
  public long end() {
    return (long) offset + RecordFormat.recordBytes(storedLength);
  }

  @Override
  public String toString() {
    return String.format("%016x+%d (%d bytes)", segment, offset, storedLength);
  }
}
