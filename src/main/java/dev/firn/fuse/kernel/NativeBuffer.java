package dev.firn.fuse.kernel;

import com.kenai.jffi.MemoryIO;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Memory that the kernel reads and writes by its address; zeros at first. Of a big one only what
 * was touched takes room. Freed by {@link #free}, and never before its last use: nothing checks
 * that.
 */
final class NativeBuffer {
  private static final MemoryIO MEMORY = MemoryIO.getInstance();
  private static final int MAPPED_BYTES_MIN = 64 << 10;

  final long address;
  final int sizeBytes;

  /** A view of the whole, in the machine's byte order; positions are nobody's. */
  final ByteBuffer bytes;

  /** Null for a small one. */
  private final MappedMemory mapped;

  NativeBuffer(int sizeBytes) {
    this.sizeBytes = sizeBytes;
    if (sizeBytes >= MAPPED_BYTES_MIN) {
      this.mapped = MappedMemory.anonymous(sizeBytes);
      this.address = mapped.address;
    } else {
      this.mapped = null;
      this.address = MEMORY.allocateMemory(sizeBytes, true);
      if (address == 0) {
        throw new OutOfMemoryError("no " + sizeBytes + " bytes of native memory");
      }
    }
    this.bytes = MEMORY.newDirectByteBuffer(address, sizeBytes).order(ByteOrder.nativeOrder());
  }

  void free() {
    if (mapped != null) {
      mapped.unmap();
    } else {
      MEMORY.freeMemory(address);
    }
  }

  static void copy(NativeBuffer from, NativeBuffer to, int length) {
    assert length <= from.sizeBytes && length <= to.sizeBytes;
    MEMORY.copyMemory(from.address, to.address, length);
  }
}
