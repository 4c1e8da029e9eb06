package dev.firn.pack;

import dev.firn.vfs.PackedParts;
import java.nio.ByteBuffer;

/**
 * A member that was decompressed. The arrays are used again when it is not needed any more.
 *
 * @param raw in an array of just their length
 * @param stored as they are in the package, from the begin of the array on
 * @param frames where in these arrays its frames are
 */
record OpenedMember(byte[] raw, byte[] stored, FrameTable frames) {

  /** The frame that unpacks to just these raw bytes, or null if there is none. */
  ByteBuffer frame(int from, int length) {
    int index = frames.find(from, length);
    return index < 0
        ? null
        : ByteBuffer.wrap(
            stored, frames.storedFrom(index), frames.storedEnd(index) - frames.storedFrom(index));
  }

  /** The frames of a write of raw bytes that begins at {@code from}. */
  PackedParts packedFrom(int from) {
    return (index, length) -> frame(from + index, length);
  }
}
