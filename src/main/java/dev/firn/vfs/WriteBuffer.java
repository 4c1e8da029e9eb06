package dev.firn.vfs;

import dev.firn.map.ExtentRef;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A run of file bytes that grows by writes that continue or change it, until it fills one extent.
 * Extents end at multiples of their greatest length, so that aligned reads need one each. Guarded
 * by the volume's lock.
 */
final class WriteBuffer {
  private static final int FIRST_BYTES = 512;

  private final long start;
  private final int capacity;
  private byte[] bytes;
  private int length;

  /** How many of the bytes, from the start, the map has too. */
  private int savedLength;

  WriteBuffer(long start) {
    this.start = start;
    this.capacity = roomAt(start);
    this.bytes = new byte[FIRST_BYTES];
  }

  /** The most bytes an extent that begins at {@code offset} holds. */
  static int roomAt(long offset) {
    return ExtentRef.RAW_BYTES_MAX - (int) (offset % ExtentRef.RAW_BYTES_MAX);
  }

  long start() {
    return start;
  }

  long end() {
    return start + length;
  }

  int length() {
    return length;
  }

  boolean isDirty() {
    return savedLength < length;
  }

  /** The bytes that the map does not have. */
  int newBytes() {
    return length - savedLength;
  }

  boolean isFull() {
    return length == capacity;
  }

  /** Whether bytes for this offset change or continue the run. */
  boolean accepts(long offset) {
    return offset >= start && offset <= end() && offset - start < capacity;
  }

  /** Takes what fits, from an offset on that it {@link #accepts}. */
  void write(long offset, ByteBuffer source) {
    int index = (int) (offset - start);
    int count = Math.min(source.remaining(), capacity - index);
    if (index + count > bytes.length) {
      int doubled = Integer.highestOneBit(index + count - 1) << 1;
      bytes = Arrays.copyOf(bytes, Math.min(capacity, doubled));
    }
    source.get(bytes, index, count);
    length = Math.max(length, index + count);
    savedLength = Math.min(savedLength, index);
  }

  /** Fills an array with the bytes from an offset on. */
  void copyTo(long offset, byte[] target) {
    System.arraycopy(bytes, (int) (offset - start), target, 0, target.length);
  }

  /** All bytes; the array is the caller's, and not longer than it is worth keeping. */
  byte[] copy() {
    return Arrays.copyOf(bytes, length);
  }

  /** The array itself, when nobody appends any more. */
  byte[] takeBytes() {
    return length < bytes.length - bytes.length / 4 ? copy() : bytes;
  }

  void markSaved() {
    savedLength = length;
  }
}
