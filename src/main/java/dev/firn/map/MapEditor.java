package dev.firn.map;

import java.io.IOException;

/** Reading and changing the head of a volume's map, under its exclusive lock. */
public interface MapEditor extends MapView {
  /**
   * Sets the value of a key; keys of 1 to 300 bytes, key and value together at most 4,600 bytes.
   */
  default void put(byte[] key, byte[] value) throws IOException {
    put(key, value, null);
  }

  /** As {@link #put(byte[], byte[])}, for a value made by {@link ExtentRef#encode}. */
  void put(byte[] key, byte[] value, PendingExtent pending) throws IOException;

  /** Removes a key; says whether it was there. */
  boolean delete(byte[] key) throws IOException;
}
