package dev.firn.store;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A record on its way into a log: packed already, without a place. After {@link SegmentLog#append}
 * its pointer says where it is.
 */
public final class Draft {
  /** Shorter payloads are not worth packing. */
  private static final int PACKED_BYTES_MIN = 64;

  private static final ThreadLocal<byte[]> SCRATCH = ThreadLocal.withInitial(() -> new byte[0]);

  final RecordType type;
  final Compression compression;

  /** The stored bytes, from position to limit, which stay as they are. */
  final ByteBuffer payload;

  final int rawLength;
  long lsn;
  RecordPointer pointer;
  BlockChecksums blocks;

  private Draft(RecordType type, Compression compression, ByteBuffer payload, int rawLength) {
    this.type = type;
    this.compression = compression;
    this.payload = payload;
    this.rawLength = rawLength;
  }

  /** Packs {@code length} bytes; keeps the array itself where packing would not pay. */
  public static Draft of(RecordType type, Compression wanted, byte[] bytes, int length) {
    return of(type, wanted, ByteBuffer.wrap(bytes, 0, length));
  }

  /**
   * Packs the bytes from position to limit; keeps the buffer itself where packing would not pay.
   */
  public static Draft of(RecordType type, Compression wanted, ByteBuffer bytes) {
    int length = requireFits(bytes);
    if (wanted != Compression.NONE && length >= PACKED_BYTES_MIN) {
      byte[] scratch = SCRATCH.get();
      int bound = Compression.boundBytes(length);
      if (scratch.length < bound) {
        scratch = new byte[bound];
        SCRATCH.set(scratch);
      }
      int packed = wanted.compress(bytes, scratch);
      if (packed >= 0) {
        return new Draft(type, wanted, ByteBuffer.wrap(Arrays.copyOf(scratch, packed)), length);
      }
    }
    return new Draft(type, Compression.NONE, bytes, length);
  }

  /**
   * Takes bytes that are packed already, or as they are where that does not pay.
   *
   * @param frame a Zstandard frame that unpacks to just {@code bytes}, from position to limit
   */
  public static Draft ofPacked(RecordType type, ByteBuffer bytes, ByteBuffer frame) {
    int length = requireFits(bytes);
    return Compression.pays(frame.remaining(), length)
        ? new Draft(type, Compression.ZSTD, frame, length)
        : new Draft(type, Compression.NONE, bytes, length);
  }

  private static int requireFits(ByteBuffer bytes) {
    if (bytes.remaining() > RecordFormat.PAYLOAD_BYTES_MAX) {
      throw new IllegalArgumentException("payload of " + bytes.remaining() + " bytes");
    }
    return bytes.remaining();
  }

  /** A record that takes {@code recordBytes} in a segment and means nothing. */
  static Draft padding(int recordBytes) {
    byte[] zeros = new byte[recordBytes - RecordFormat.HEADER_BYTES];
    return new Draft(RecordType.PADDING, Compression.NONE, ByteBuffer.wrap(zeros), zeros.length);
  }

  /** Where the record is, once appended. */
  public RecordPointer pointer() {
    return pointer;
  }

  /**
   * The checksums of its blocks, once appended; null if it holds no file bytes, was packed, or is
   * one block.
   */
  public BlockChecksums blocks() {
    return blocks;
  }

  /** Whether its blocks get checksums of their own. */
  boolean isReadInBlocks() {
    return type == RecordType.EXTENT
        && compression == Compression.NONE
        && BlockChecksums.encodedBytes(rawLength) > 0;
  }

  int storedLength() {
    return payload.remaining();
  }

  int recordBytes() {
    return RecordFormat.recordBytes(storedLength());
  }
}
