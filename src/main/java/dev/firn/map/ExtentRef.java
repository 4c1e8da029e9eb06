package dev.firn.map;

import dev.firn.base.Bytes;
import dev.firn.store.BlockChecksums;
import dev.firn.store.Compression;
import dev.firn.store.CorruptDataException;
import dev.firn.store.RecordPointer;
import java.util.Arrays;

/**
 * Where a run of file bytes is: inline in the value, in a record of a segment, or pending.
 * Immutable. A stored extent may be a part of its record, since later writes split references, not
 * records.
 *
 * <pre>
 *  0 u8  form: 0 inline, 1 stored         inline: the bytes follow
 *  4     28 bytes record pointer
 * 32 u32 offset inside the raw record
 * 36 u32 length
 * 40     u32 checksum of each block of the record, if it is stored as it is and has several
 * </pre>
 *
 * Where it is not known yet how the record will be stored, there is room for the checksums, which
 * stays zero if it is packed. Values of older versions have none.
 */
public final class ExtentRef {
  /** The longest record of file bytes, before compression. */
  public static final int RAW_BYTES_MAX = 128 << 10;

  /** The longest run worth keeping inline. */
  public static final int INLINE_BYTES_MAX = 512;

  private static final byte INLINE = 0;
  private static final byte STORED = 1;
  private static final int POINTER_OFFSET = 4;
  private static final int PART_OFFSET = POINTER_OFFSET + RecordPointer.BYTES;
  private static final int BLOCKS_OFFSET = PART_OFFSET + 8;

  private final byte[] inlineBytes;
  private final RecordPointer pointer;
  private final BlockChecksums blocks;
  private final PendingExtent pending;
  private final int offsetInside;
  private final int length;

  private ExtentRef(
      byte[] inlineBytes,
      RecordPointer pointer,
      BlockChecksums blocks,
      PendingExtent pending,
      int offsetInside,
      int length) {
    this.inlineBytes = inlineBytes;
    this.pointer = pointer;
    this.blocks = blocks;
    this.pending = pending;
    this.offsetInside = offsetInside;
    this.length = length;
  }

  /** Bytes kept in the value itself: at most 4,095. The array now belongs to the extent. */
  public static ExtentRef inline(byte[] bytes) {
    return new ExtentRef(bytes, null, null, null, 0, bytes.length);
  }

  /** A part of a staged run. */
  public static ExtentRef of(PendingExtent pending, int offsetInside, int length) {
    requirePart(offsetInside, length, pending.length());
    return new ExtentRef(null, null, null, pending, offsetInside, length);
  }

  /** A whole record. */
  static ExtentRef stored(RecordPointer pointer, BlockChecksums blocks) {
    requirePart(0, pointer.rawLength(), RAW_BYTES_MAX);
    return new ExtentRef(null, pointer, blocks, null, 0, pointer.rawLength());
  }

  /** Reads an entry that {@link #encode} made. */
  public static ExtentRef decode(MapEntry entry) throws CorruptDataException {
    byte[] value = entry.value();
    if (value.length > 0 && value[0] == INLINE) {
      byte[] bytes = Arrays.copyOfRange(value, 1, value.length);
      return new ExtentRef(bytes, null, null, null, 0, bytes.length);
    }
    if (value.length < BLOCKS_OFFSET || value[0] != STORED) {
      throw new CorruptDataException("extent value of unknown form");
    }
    int offsetInside = Bytes.getInt(value, PART_OFFSET);
    int length = Bytes.getInt(value, PART_OFFSET + 4);
    if (entry.pending() != null) {
      return new ExtentRef(null, null, null, entry.pending(), offsetInside, length);
    }
    RecordPointer pointer = RecordPointer.decode(value, POINTER_OFFSET);
    if (pointer == null
        || offsetInside < 0
        || length < 1
        || offsetInside > pointer.rawLength() - length) {
      throw new CorruptDataException("extent that lies outside of its record");
    }
    int blocksBytes = value.length - BLOCKS_OFFSET;
    if (blocksBytes != 0 && blocksBytes != BlockChecksums.encodedBytes(pointer.rawLength())) {
      throw new CorruptDataException("extent with checksums for another number of blocks");
    }
    BlockChecksums blocks = null;
    if (blocksBytes != 0 && pointer.compression() == Compression.NONE) {
      blocks = BlockChecksums.decode(value, BLOCKS_OFFSET, pointer.rawLength());
    }
    return new ExtentRef(null, pointer, blocks, null, offsetInside, length);
  }

  private static void requirePart(int from, int length, int whole) {
    if (from < 0 || length < 1 || from > whole - length) {
      throw new IllegalArgumentException(
          "part of " + length + " bytes at " + from + " of an extent of " + whole);
    }
  }

  /** The file bytes it stands for. */
  public int length() {
    return length;
  }

  /** The first byte's index in the record; 0 for inline. */
  public int offsetInside() {
    return offsetInside;
  }

  /** The part from {@code from} on, {@code partLength} bytes long. */
  public ExtentRef slice(int from, int partLength) {
    requirePart(from, partLength, length);
    if (inlineBytes != null) {
      return inline(Arrays.copyOfRange(inlineBytes, from, from + partLength));
    }
    return new ExtentRef(null, pointer, blocks, pending, offsetInside + from, partLength);
  }

  /** Whether both stand for the same part of the same record, or have the same bytes inline. */
  public boolean isSameAs(ExtentRef other) {
    if (length != other.length) {
      return false;
    }
    if (inlineBytes != null || other.inlineBytes != null) {
      return Arrays.equals(inlineBytes, other.inlineBytes);
    }
    if (offsetInside != other.offsetInside) {
      return false;
    }
    if (pending != null && pending == other.pending) {
      return true;
    }
    RecordPointer place = place();
    return place != null && place.equals(other.place());
  }

  /** The value for {@link MapEditor#put(byte[], byte[], PendingExtent)}. */
  public byte[] encode() {
    if (inlineBytes != null) {
      byte[] value = new byte[1 + inlineBytes.length];
      System.arraycopy(inlineBytes, 0, value, 1, inlineBytes.length);
      return value;
    }
    RecordPointer place = place();
    BlockChecksums checksums = blocks();
    boolean hasRoom = pending != null || checksums != null;
    int blocksBytes = hasRoom ? BlockChecksums.encodedBytes(recordLength()) : 0;
    byte[] value = new byte[BLOCKS_OFFSET + blocksBytes];
    value[0] = STORED;
    if (place != null) {
      encodePlace(place, checksums, value, 0);
    }
    Bytes.putInt(value, PART_OFFSET, offsetInside);
    Bytes.putInt(value, PART_OFFSET + 4, length);
    return value;
  }

  /** Writes where a record is into a value, which has room for the checksums if there are some. */
  static void encodePlace(RecordPointer place, BlockChecksums blocks, byte[] target, int at) {
    place.encode(target, at + POINTER_OFFSET);
    if (blocks != null) {
      blocks.encode(target, at + BLOCKS_OFFSET);
    }
  }

  private int recordLength() {
    return pending != null ? pending.length() : pointer.rawLength();
  }

  /** The pending extent to pass beside {@link #encode}, or null. */
  public PendingExtent pending() {
    return pending;
  }

  /** The record's place, or null while it is inline or pending. */
  RecordPointer place() {
    return pending != null ? pending.pointer() : pointer;
  }

  /** The checksums of the record's blocks, or null where there are none. */
  BlockChecksums blocks() {
    return pending != null ? pending.blocks() : blocks;
  }

  /** Whether it is all of a record that is at its place. */
  boolean isWholeRecord() {
    return bytesInMemory() == null && length == place().rawLength();
  }

  /** The inline or the whole pending bytes; null if they have to be read from their place. */
  byte[] bytesInMemory() {
    return pending != null ? pending.bytes() : inlineBytes;
  }
}
