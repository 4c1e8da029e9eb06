package dev.firn.map;

import dev.firn.base.Bytes;
import dev.firn.store.CorruptDataException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Changes to a volume's map in the order they were made, as the bytes of DELTA records.
 *
 * <pre>
 * 1 PUT    u16 key length, u16 value length, key, value
 * 2 DELETE u16 key length, key
 * 3 FREEZE u64 snapshot number, u32 metadata length, metadata
 * 4 DROP   u64 snapshot number
 * 5 RESET  u64 snapshot number
 * </pre>
 *
 * Not safe for concurrent use.
 */
final class DeltaBuffer {
  private static final byte PUT = 1;
  private static final byte DELETE = 2;
  private static final byte FREEZE = 3;
  private static final byte DROP = 4;
  private static final byte RESET = 5;

  /** A record is closed when it has grown beyond this: small enough to stay below its limit. */
  private static final int RECORD_BYTES = 256 << 10;

  /** Receives the changes of one record again. */
  interface Replay {
    void put(byte[] key, byte[] value) throws IOException;

    void delete(byte[] key) throws IOException;

    void freeze(long number, byte[] metadata) throws IOException;

    void drop(long number) throws IOException;

    void reset(long number) throws IOException;
  }

  private record Reference(int valueStart, Unplaced target) {}

  private byte[] bytes = new byte[4096];
  private int length;
  private final List<Integer> cuts = new ArrayList<>();
  private final List<Reference> references = new ArrayList<>();

  int length() {
    return length;
  }

  void put(byte[] key, byte[] value, Unplaced reference) {
    int at = begin(PUT, 4 + key.length + value.length);
    Bytes.putShort(bytes, at, key.length);
    Bytes.putShort(bytes, at + 2, value.length);
    System.arraycopy(key, 0, bytes, at + 4, key.length);
    System.arraycopy(value, 0, bytes, at + 4 + key.length, value.length);
    if (reference != null) {
      references.add(new Reference(at + 4 + key.length, reference));
    }
  }

  void delete(byte[] key) {
    int at = begin(DELETE, 2 + key.length);
    Bytes.putShort(bytes, at, key.length);
    System.arraycopy(key, 0, bytes, at + 2, key.length);
  }

  void freeze(long number, byte[] metadata) {
    int at = begin(FREEZE, 12 + metadata.length);
    Bytes.putLong(bytes, at, number);
    Bytes.putInt(bytes, at + 8, metadata.length);
    System.arraycopy(metadata, 0, bytes, at + 12, metadata.length);
  }

  void drop(long number) {
    // Two steps: begin may replace the array.
    int at = begin(DROP, 8);
    Bytes.putLong(bytes, at, number);
  }

  void reset(long number) {
    // Two steps: begin may replace the array.
    int at = begin(RESET, 8);
    Bytes.putLong(bytes, at, number);
  }

  private int begin(byte operation, int operandBytes) {
    int start = cuts.isEmpty() ? 0 : cuts.get(cuts.size() - 1);
    if (length - start >= RECORD_BYTES) {
      cuts.add(length);
    }
    int needed = length + 1 + operandBytes;
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(needed, bytes.length * 2));
    }
    bytes[length] = operation;
    int at = length + 1;
    length = needed;
    return at;
  }

  /** Everything the changes refer to that has no place yet. */
  List<Unplaced> unplaced() {
    List<Unplaced> missing = new ArrayList<>();
    for (Reference reference : references) {
      if (reference.target().pointer() == null) {
        missing.add(reference.target());
      }
    }
    return missing;
  }

  /** The payloads for the log; everything referred to must have a place by now. */
  List<byte[]> records() {
    for (Reference reference : references) {
      assert reference.target().pointer() != null : "a delta is written after what it refers to";
      reference.target().encodePlace(bytes, reference.valueStart());
    }
    List<byte[]> records = new ArrayList<>();
    int from = 0;
    for (int cut : cuts) {
      records.add(Arrays.copyOfRange(bytes, from, cut));
      from = cut;
    }
    if (length > from) {
      records.add(Arrays.copyOfRange(bytes, from, length));
    }
    return records;
  }

  /** Hands the changes of a record to {@code target}, in order. */
  static void replay(byte[] record, Replay target) throws IOException {
    int at = 0;
    try {
      while (at < record.length) {
        byte operation = record[at++];
        switch (operation) {
          case PUT -> {
            int keyEnd = at + 4 + Bytes.getShort(record, at);
            int valueEnd = keyEnd + Bytes.getShort(record, at + 2);
            target.put(copy(record, at + 4, keyEnd), copy(record, keyEnd, valueEnd));
            at = valueEnd;
          }
          case DELETE -> {
            int keyEnd = at + 2 + Bytes.getShort(record, at);
            target.delete(copy(record, at + 2, keyEnd));
            at = keyEnd;
          }
          case FREEZE -> {
            int end = at + 12 + Bytes.getInt(record, at + 8);
            target.freeze(Bytes.getLong(record, at), copy(record, at + 12, end));
            at = end;
          }
          case DROP -> {
            target.drop(Bytes.getLong(record, at));
            at += 8;
          }
          case RESET -> {
            target.reset(Bytes.getLong(record, at));
            at += 8;
          }
          default -> throw new CorruptDataException("delta with unknown operation " + operation);
        }
      }
    } catch (IndexOutOfBoundsException e) {
      throw new CorruptDataException("delta that ends in the middle of a change", e);
    }
  }

  private static byte[] copy(byte[] record, int from, int to) throws CorruptDataException {
    if (from > to || to > record.length) {
      throw new CorruptDataException("delta that ends in the middle of a change");
    }
    return Arrays.copyOfRange(record, from, to);
  }
}
