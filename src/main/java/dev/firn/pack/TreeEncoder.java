package dev.firn.pack;

import dev.firn.base.Bytes;
import java.io.IOException;
import java.util.Arrays;

/** Gathers a tree's records for members; a record never spans two. */
final class TreeEncoder {
  /** Kept free for the extent that is still growing when a member is full. */
  private static final int EXTENT_BYTES =
      PackageLayout.RECORD_HEADER_BYTES + new TreeRecord.Extent(0, 0, 0, 0).bodyBytes();

  private final Sink sink;
  private final byte[] buffer = new byte[PackageLayout.TREE_MEMBER_BYTES];
  private int length;

  /** Takes members, which are not the encoder's any more. */
  @FunctionalInterface
  interface Sink {
    void member(byte[] raw) throws IOException;
  }

  TreeEncoder(Sink sink) {
    this.sink = sink;
  }

  /** Whether a record fits into the member; an extent always does, when there is none behind it. */
  boolean fits(TreeRecord record) {
    int recordBytes = PackageLayout.RECORD_HEADER_BYTES + record.bodyBytes();
    int reserved = record instanceof TreeRecord.Extent ? 0 : EXTENT_BYTES;
    return length + recordBytes <= PackageLayout.TREE_MEMBER_BYTES - reserved;
  }

  /** Takes a record that {@link #fits}. */
  void write(TreeRecord record) {
    int bodyBytes = record.bodyBytes();
    buffer[length] = (byte) record.type();
    Bytes.putInt(buffer, length + 1, bodyBytes);
    record.put(buffer, length + PackageLayout.RECORD_HEADER_BYTES);
    length += PackageLayout.RECORD_HEADER_BYTES + bodyBytes;
  }

  /** Ends the member, if there is anything in it. */
  void cut() throws IOException {
    if (length > 0) {
      sink.member(Arrays.copyOf(buffer, length));
      length = 0;
    }
  }
}
