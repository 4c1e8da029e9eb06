package dev.firn.map;

import java.io.IOException;

/** Reading one root of a block map. Keys sort as unsigned bytes. */
public interface MapView {
  /** The entry with exactly this key, or null. */
  MapEntry get(byte[] key) throws IOException;

  /** The entry with the greatest key that is not above {@code key}, or null. */
  MapEntry floor(byte[] key) throws IOException;

  /**
   * A cursor before the first key that is not below {@code from}. On a view under change it must
   * not outlive the lock it was made under, nor a change made through the editor.
   */
  MapCursor cursor(byte[] from) throws IOException;
}
