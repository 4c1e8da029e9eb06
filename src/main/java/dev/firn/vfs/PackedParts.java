package dev.firn.vfs;

import java.nio.ByteBuffer;

/** What parts of bytes that are written are packed already. */
@FunctionalInterface
public interface PackedParts {
  PackedParts NONE = (from, length) -> null;

  /**
   * A Zstandard frame that unpacks to just these bytes, or null if there is none.
   *
   * @param from the index of the first, counted from the position of what is written
   */
  ByteBuffer frame(int from, int length);
}
