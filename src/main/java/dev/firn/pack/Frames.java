package dev.firn.pack;

import java.io.IOException;

/** The raw bytes of a package's members of one kind, one after the other, verified. */
interface Frames {
  /** The next member's raw bytes, in an array of just their length; null behind the last. */
  byte[] next() throws IOException;

  /** Takes back an array that {@link #next} gave. */
  void recycle(byte[] raw);
}
