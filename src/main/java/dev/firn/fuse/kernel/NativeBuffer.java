package dev.firn.fuse.kernel;

import com.kenai.jffi.MemoryIO;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Memory that the kernel reads and writes by its address. Freed by {@link #free}, and never before
 * its last use: nothing checks that.
 */
final class NativeBuffer {
  private static final MemoryIO MEMORY = MemoryIO.getInstance();

  final long address;
  final int sizeBytes;

  /** A view of the whole, in the machine's byte order; positions are nobody's. */
  final ByteBuffer bytes;

  NativeBuffer(int sizeBytes) {
    this.sizeBytes = sizeBytes;
    this.address = MEMORY.allocateMemory(sizeBytes, true);
    if (address == 0) {
      throw new OutOfMemoryError("no " + sizeBytes + " bytes of native memory");
    }
    this.bytes = MEMORY.newDirectByteBuffer(address, sizeBytes).order(ByteOrder.nativeOrder());
  }

  void free() {
    MEMORY.freeMemory(address);
  }

  static void copy(NativeBuffer from, NativeBuffer to, int length) {
    assert length <= from.sizeBytes && length <= to.sizeBytes;
    MEMORY.copyMemory(from.address, to.address, length);
  }
}
