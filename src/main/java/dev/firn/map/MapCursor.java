package dev.firn.map;

import java.io.IOException;

/** Walks entries in ascending order of keys. Not safe for concurrent use. */
public interface MapCursor {
  /** Steps to the next entry; false at the end. */
  boolean next() throws IOException;

  byte[] key();

  byte[] value();

  MapEntry entry();
}
