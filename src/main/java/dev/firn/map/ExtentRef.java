package dev.firn.map;

import dev.firn.base.Bytes;
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
 * </pre>
 */
public final class ExtentRef {
  /** The longest record of file bytes, before compression. */
  public static final int RAW_BYTES_MAX = 128 << 10;

  /** The longest run worth keeping inline. */
  public static final int INLINE_BYTES_MAX = 512;

  static final int POINTER_OFFSET = 4;

  private static final byte INLINE = 0;
  private static final byte STORED = 1;
  private static final int STORED_BYTES = POINTER_OFFSET + RecordPointer.BYTES + 8;

  private final byte[] inlineBytes;
  private final RecordPointer pointer;
  private final PendingExtent pending;
  private final int offsetInside;
  private final int length;

  private ExtentRef(
      byte[] inlineBytes,
      RecordPointer pointer,
      PendingExtent pending,
      int offsetInside,
      int length) {
    this.inlineBytes = inlineBytes;
    this.pointer = pointer;
    this.pending = pending;
    this.offsetInside = offsetInside;
    this.length = length;
  }

  /** Bytes kept in the value itself: at most 4,095. The array now belongs to the extent. */
  public static ExtentRef inline(byte[] bytes) {
    return new ExtentRef(bytes, null, null, 0, bytes.length);
  }

  /** A part of a staged run. */
  public static ExtentRef of(PendingExtent pending, int offsetInside, int length) {
    requirePart(offsetInside, length, pending.length());
    return new ExtentRef(null, null, pending, offsetInside, length);
  }

  /** A whole record. */
  static ExtentRef stored(RecordPointer pointer) {
    requirePart(0, pointer.rawLength(), RAW_BYTES_MAX);
    return new ExtentRef(null, pointer, null, 0, pointer.rawLength());
  }

  /** Reads an entry that {@link #encode} made. */
  public static ExtentRef decode(MapEntry entry) throws CorruptDataException {
    byte[] value = entry.value();
    if (value.length > 0 && value[0] == INLINE) {
      byte[] bytes = Arrays.copyOfRange(value, 1, value.length);
      return new ExtentRef(bytes, null, null, 0, bytes.length);
    }
    if (value.length != STORED_BYTES || value[0] != STORED) {
      throw new CorruptDataException("extent value of unknown form");
    }
    int offsetInside = Bytes.getInt(value, POINTER_OFFSET + RecordPointer.BYTES);
    int length = Bytes.getInt(value, POINTER_OFFSET + RecordPointer.BYTES + 4);
    RecordPointer pointer = null;
    if (entry.pending() == null) {
      pointer = RecordPointer.decode(value, POINTER_OFFSET);
      if (pointer == null
          || offsetInside < 0
          || length < 1
          || offsetInside > pointer.rawLength() - length) {
        throw new CorruptDataException("extent that lies outside of its record");
      }
    }
    return new ExtentRef(null, pointer, entry.pending(), offsetInside, length);
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
    return new ExtentRef(null, pointer, pending, offsetInside + from, partLength);
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
    byte[] value = new byte[STORED_BYTES];
    value[0] = STORED;
    RecordPointer place = place();
    if (place != null) {
      place.encode(value, POINTER_OFFSET);
    }
    Bytes.putInt(value, POINTER_OFFSET + RecordPointer.BYTES, offsetInside);
    Bytes.putInt(value, POINTER_OFFSET + RecordPointer.BYTES + 4, length);
    return value;
  }

  /** The pending extent to pass beside {@link #encode}, or null. */
  public PendingExtent pending() {
    return pending;
  }

  /** The record's place, or null while it is inline or pending. */
  RecordPointer place() {
    return pending != null ? pending.pointer() : pointer;
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
