package dev.firn.pack;

import dev.firn.base.Bytes;
import dev.firn.base.FirnException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The records of a tree, decompressed, in a temporary file. Written by one thread; what was written
 * can be read by any.
 */
final class TreeSpool implements Closeable {
  private static final int HEADER_BYTES = PackageLayout.RECORD_HEADER_BYTES;

  /** No record that is valid has a longer body. */
  private static final int BODY_BYTES_MAX = 128 << 10;

  /** Most records are not longer, and take one reading. */
  private static final int READ_BYTES = 256;

  private final Spool records;
  private final String source;
  private long sizeBytes;

  /**
   * @param source what the records are of, for messages
   */
  TreeSpool(Path directory, String source) throws IOException {
    this.records = new Spool(directory);
    this.source = source;
  }

  /** Is told of records in their order. */
  @FunctionalInterface
  interface Visitor {
    /**
     * @param place by which the record can be read again
     */
    void record(TreeRecord record, long place) throws IOException;
  }

  /** Appends whole records, and tells the visitor of each; CORRUPT if they are none. */
  void append(byte[] raw, Visitor visitor) throws IOException {
    long start = records.append(raw, raw.length);
    sizeBytes = start + raw.length;
    for (int at = 0; at < raw.length; ) {
      TreeRecord record;
      try {
        record = TreeRecord.at(raw, at, BODY_BYTES_MAX);
      } catch (IllegalArgumentException e) {
        throw invalid(e.getMessage());
      }
      visitor.record(record, start + at);
      at += HEADER_BYTES + record.bodyBytes();
    }
  }

  TreeRecord record(long place) throws IOException {
    byte[] bytes = records.read(place, (int) Math.min(READ_BYTES, sizeBytes - place));
    int length = Bytes.getInt(bytes, 1);
    int missing = HEADER_BYTES + length - bytes.length;
    if (missing > 0) {
      byte[] rest = records.read(place + bytes.length, missing);
      bytes = Arrays.copyOf(bytes, HEADER_BYTES + length);
      System.arraycopy(rest, 0, bytes, bytes.length - missing, missing);
    }
    return TreeRecord.parse(bytes[0] & 0xff, bytes, HEADER_BYTES, length);
  }

  int typeAt(long place) throws IOException {
    return records.read(place, 1)[0] & 0xff;
  }

  /** The place of the record behind the one at {@code place}. */
  long behind(long place) throws IOException {
    return place + HEADER_BYTES + Bytes.getInt(records.read(place, HEADER_BYTES), 1);
  }

  @Override
  public void close() throws IOException {
    records.close();
  }

  private FirnException invalid(String reason) {
    return FirnException.corrupt(
        "%s: its tree is not valid: %s; it is damaged or hostile", source, reason);
  }
}
