package dev.firn.map;

/** File bytes that are part of the map already but may not have a place on disk yet. */
public final class PendingExtent {
  /** The bytes' number, 1 to {@link ExtentRef#RAW_BYTES_MAX}. */
  public int length() {
    throw new UnsupportedOperationException();
  }
}
