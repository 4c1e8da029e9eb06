package dev.firn.fuse.kernel;

import com.kenai.jffi.MemoryIO;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Whole pages from mmap(2): memory that takes room only where it was touched, or that the kernel
 * shares with us. Freed by {@link #unmap}, and never before its last use: nothing checks that.
 */
final class MappedMemory {
  static final int PAGE_BYTES = 4096;

  private static final long PROT_READ_AND_WRITE = 3;
  private static final long MAP_SHARED = 1;
  private static final long MAP_PRIVATE_AND_ANONYMOUS = 0x22;
  private static final long MAP_POPULATE = 0x8000;

  final long address;
  final int sizeBytes;

  private MappedMemory(long address, int sizeBytes) {
    this.address = address;
    this.sizeBytes = sizeBytes;
  }

  /** Zeros. Throws OutOfMemoryError. */
  static MappedMemory anonymous(int sizeBytes) {
    long address =
        LinuxCalls.mmap(sizeBytes, PROT_READ_AND_WRITE, MAP_PRIVATE_AND_ANONYMOUS, -1, 0);
    if (address == -1) {
      throw new OutOfMemoryError(
          "no " + sizeBytes + " bytes of native memory: " + LinuxCalls.lastError().description());
    }
    return new MappedMemory(address, sizeBytes);
  }

  /** What a descriptor shares at an offset. */
  static MappedMemory shared(int fd, long offset, int sizeBytes) throws IOException {
    long address =
        LinuxCalls.mmap(sizeBytes, PROT_READ_AND_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);
    if (address == -1) {
      throw new IOException("mmap(2) says: " + LinuxCalls.lastError().description());
    }
    return new MappedMemory(address, sizeBytes);
  }

  /** A view in the machine's byte order. */
  ByteBuffer view(int offset, int lengthBytes) {
    assert offset >= 0 && lengthBytes >= 0 && lengthBytes <= sizeBytes - offset;
    return MemoryIO.getInstance()
        .newDirectByteBuffer(address + offset, lengthBytes)
        .order(ByteOrder.nativeOrder());
  }

  void unmap() {
    LinuxCalls.munmap(address, sizeBytes);
  }
}
