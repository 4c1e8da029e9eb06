package dev.firn.store;

/**
 * A record on its way into a log: packed already, without a place. After {@link SegmentLog#append}
 * its pointer says where it is.
 */
public final class Draft {
  final RecordType type;
  final Compression compression;
  final byte[] payload;
  final int storedLength;
  final int rawLength;
  long lsn;
  RecordPointer pointer;

  private Draft(
      RecordType type, Compression compression, byte[] payload, int storedLength, int rawLength) {
    this.type = type;
    this.compression = compression;
    this.payload = payload;
    this.storedLength = storedLength;
    this.rawLength = rawLength;
  }

  /** Packs {@code length} bytes; keeps the array itself where packing would not pay. */
  public static Draft of(RecordType type, Compression wanted, byte[] bytes, int length) {
    if (length > RecordFormat.PAYLOAD_BYTES_MAX) {
      throw new IllegalArgumentException("payload of " + length + " bytes");
    }
    if (wanted != Compression.NONE && length >= 64) {
      byte[] scratch = SCRATCH.get();
      int bound = Compression.boundBytes(length);
      if (scratch.length < bound) {
        scratch = new byte[bound];
        SCRATCH.set(scratch);
      }
      int packed = wanted.compress(bytes, length, scratch);
      if (packed >= 0) {
        return new Draft(type, wanted, java.util.Arrays.copyOf(scratch, packed), packed, length);
      }
    }
    return new Draft(type, Compression.NONE, bytes, length, length);
  }

  /** Where the record is, once appended. */
  public RecordPointer pointer() {
    return pointer;
  }

  int recordBytes() {
    return RecordFormat.recordBytes(storedLength);
  }

  private static final ThreadLocal<byte[]> SCRATCH = ThreadLocal.withInitial(() -> new byte[0]);
}
