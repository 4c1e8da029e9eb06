package dev.firn.pack;

import dev.firn.base.Bytes;
import java.io.IOException;

/** Cuts a tree's records into members; a record never spans two. */
final class TreeEncoder {
  private final FrameWriter frames;
  private byte[] buffer;
  private int length;

  TreeEncoder(FrameWriter frames) {
    this.frames = frames;
    this.buffer = frames.buffer();
  }

  void write(TreeRecord record) throws IOException {
    int bodyBytes = record.bodyBytes();
    int recordBytes = PackageLayout.RECORD_HEADER_BYTES + bodyBytes;
    if (length + recordBytes > PackageLayout.TREE_MEMBER_BYTES) {
      frames.submit(true, buffer, length);
      buffer = frames.buffer();
      length = 0;
    }
    buffer[length] = (byte) record.type();
    Bytes.putInt(buffer, length + 1, bodyBytes);
    record.put(buffer, length + PackageLayout.RECORD_HEADER_BYTES);
    length += recordBytes;
  }

  void finish() throws IOException {
    if (length > 0) {
      frames.submit(true, buffer, length);
      length = 0;
    }
  }
}
