package dev.firn.map;

import dev.firn.store.RecordPointer;

/**
 * Something that a value in the map refers to although it may not have a place on disk yet. The
 * value holds zeros where the place will stand.
 */
interface Unplaced {
  /** Where it is, once it was written; null before. */
  RecordPointer pointer();

  /** Writes where it is into the value that begins at {@code at}; once it was written. */
  void encodePlace(byte[] target, int at);
}
