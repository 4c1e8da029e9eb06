package dev.firn.fuse.jnr;

import com.kenai.jffi.MemoryIO;
import java.nio.ByteBuffer;

/**
 * Memory outside of the heap, by address. Nothing here checks bounds: an address and a length come
 * from libfuse, or from {@link #allocate}.
 */
final class NativeMemory {
  private static final MemoryIO MEMORY = MemoryIO.getInstance();

  private NativeMemory() {}

  /** Zeroed memory, until {@link #free}. */
  static long allocate(long sizeBytes) {
    long address = MEMORY.allocateMemory(sizeBytes, true);
    if (address == 0) {
      throw new OutOfMemoryError("no " + sizeBytes + " bytes of native memory");
    }
    return address;
  }

  /** A NUL-terminated copy, until {@link #free}. */
  static long allocateString(byte[] text) {
    long address = allocate(text.length + 1L);
    MEMORY.putByteArray(address, text, 0, text.length);
    return address;
  }

  static void free(long address) {
    MEMORY.freeMemory(address);
  }

  /** The bytes before the first NUL. */
  static byte[] string(long address) {
    return MEMORY.getZeroTerminatedByteArray(address);
  }

  /** Writes bytes and a NUL behind them. */
  static void putString(long address, byte[] text) {
    MEMORY.putByteArray(address, text, 0, text.length);
    MEMORY.putByte(address + text.length, (byte) 0);
  }

  static void putBytes(long address, byte[] bytes) {
    MEMORY.putByteArray(address, bytes, 0, bytes.length);
  }

  static byte[] bytes(long address, int length) {
    byte[] bytes = new byte[length];
    MEMORY.getByteArray(address, bytes, 0, length);
    return bytes;
  }

  /** A view of memory, not a copy; valid as long as the memory is. */
  static ByteBuffer view(long address, int length) {
    return MEMORY.newDirectByteBuffer(address, length);
  }

  static int getInt(long address) {
    return MEMORY.getInt(address);
  }

  static void putInt(long address, int value) {
    MEMORY.putInt(address, value);
  }

  static long getLong(long address) {
    return MEMORY.getLong(address);
  }

  static void putLong(long address, long value) {
    MEMORY.putLong(address, value);
  }
}
