package dev.firn.map;

/**
 * Where a run of file bytes is: inline in the value, in a record of a segment, or pending.
 * Immutable. A stored extent may be a part of its record, since later writes split references, not
 * records.
 */
public final class ExtentRef {
  /** The longest record of file bytes, before compression. */
  public static final int RAW_BYTES_MAX = 128 << 10;

  /** The longest run worth keeping inline. */
  public static final int INLINE_BYTES_MAX = 512;

  public static ExtentRef inline(byte[] bytes) {
    throw new UnsupportedOperationException();
  }

  public static ExtentRef of(PendingExtent pending, int offsetInside, int length) {
    throw new UnsupportedOperationException();
  }

  public static ExtentRef decode(MapEntry entry) {
    throw new UnsupportedOperationException();
  }

  /** The file bytes it stands for. */
  public int length() {
    throw new UnsupportedOperationException();
  }

  public boolean isInline() {
    throw new UnsupportedOperationException();
  }

  /** The first byte's index in {@code extentBytes}; 0 for inline. */
  public int offsetInside() {
    throw new UnsupportedOperationException();
  }

  /** The part from {@code from} on, {@code length} bytes long. */
  public ExtentRef slice(int from, int length) {
    throw new UnsupportedOperationException();
  }

  /** The value for {@link MapEditor#put(byte[], byte[], PendingExtent)}. */
  public byte[] encode() {
    throw new UnsupportedOperationException();
  }

  /** The pending extent to pass beside {@link #encode}, or null. */
  public PendingExtent pending() {
    throw new UnsupportedOperationException();
  }
}
