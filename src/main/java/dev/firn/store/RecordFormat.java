package dev.firn.store;

import dev.firn.base.Bytes;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The bytes of a record: a header of 40 bytes, the payload, zeros up to a multiple of 8.
 *
 * <pre>
 *  0 u32 magic "FIRN"     16 u32 stored length    28 u64 reserved, 0
 *  4 u8  type             20 u32 raw length       36 u32 header CRC32C
 *  5 u8  compression      24 u32 payload CRC32C
 *  6 u16 reserved, 0
 *  8 u64 LSN
 * </pre>
 *
 * The header's checksum is seeded with segment and offset, the payload's with segment and LSN: a
 * record that a disk wrote or read at the wrong place does not verify.
 */
final class RecordFormat {
  static final int HEADER_BYTES = 40;
  static final int ALIGNMENT = 8;
  static final int MAGIC = 0x4e524946; // "FIRN" in little-endian

  /** The longest payload, stored or raw. */
  static final int PAYLOAD_BYTES_MAX = 1 << 20;

  private RecordFormat() {}

  /** Bytes a record with this payload takes in a segment. */
  static int recordBytes(int storedLength) {
    return (HEADER_BYTES + storedLength + ALIGNMENT - 1) & -ALIGNMENT;
  }

  /** Zeros behind a payload, up to where the next record may begin. */
  static int paddingBytes(int storedLength) {
    return recordBytes(storedLength) - HEADER_BYTES - storedLength;
  }

  /** A header that was read and whose own checksum is right. */
  record Header(
      RecordType type,
      Compression compression,
      long lsn,
      int storedLength,
      int rawLength,
      int checksum) {

    int recordBytes() {
      return RecordFormat.recordBytes(storedLength);
    }

    /** The pointer to this record, which is at that place. */
    RecordPointer at(long segment, long offset) {
      return new RecordPointer(
          segment, Math.toIntExact(offset), storedLength, rawLength, checksum, compression);
    }
  }

  /** Writes the header of a record that {@code pointer} leads to. */
  static void encodeHeader(byte[] target, RecordType type, long lsn, RecordPointer pointer) {
    Bytes.putInt(target, 0, MAGIC);
    target[4] = (byte) type.code();
    target[5] = (byte) pointer.compression().code();
    Bytes.putShort(target, 6, 0);
    Bytes.putLong(target, 8, lsn);
    Bytes.putInt(target, 16, pointer.storedLength());
    Bytes.putInt(target, 20, pointer.rawLength());
    Bytes.putInt(target, 24, pointer.checksum());
    Bytes.putLong(target, 28, 0);
    Bytes.putInt(
        target, 36, checksum(pointer.segment(), pointer.offset(), target, 0, HEADER_BYTES - 4));
  }

  /** The header at {@code at}, or null if there is no valid one for this place. */
  static Header parse(byte[] source, int at, long segment, long offset) {
    if (Bytes.getInt(source, at) != MAGIC
        || Bytes.getInt(source, at + 36)
            != checksum(segment, offset, source, at, HEADER_BYTES - 4)) {
      return null;
    }
    RecordType type = RecordType.ofCode(source[at + 4]);
    int storedLength = Bytes.getInt(source, at + 16);
    int rawLength = Bytes.getInt(source, at + 20);
    if (type == null
        || storedLength < 0
        || storedLength > PAYLOAD_BYTES_MAX
        || rawLength < 0
        || rawLength > PAYLOAD_BYTES_MAX) {
      return null;
    }
    try {
      return new Header(
          type,
          Compression.ofCode(source[at + 5]),
          Bytes.getLong(source, at + 8),
          storedLength,
          rawLength,
          Bytes.getInt(source, at + 24));
    } catch (CorruptDataException e) {
      return null;
    }
  }

  static int checksum(long seedHigh, long seedLow, byte[] bytes, int offset, int length) {
    return checksum(seedHigh, seedLow, ByteBuffer.wrap(bytes, offset, length));
  }

  /** Reads {@code bytes} from position to limit. */
  static int checksum(long seedHigh, long seedLow, ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    byte[] seed = new byte[16];
    Bytes.putLong(seed, 0, seedHigh);
    Bytes.putLong(seed, 8, seedLow);
    crc.update(seed, 0, 16);
    crc.update(bytes);
    return (int) crc.getValue();
  }
}
