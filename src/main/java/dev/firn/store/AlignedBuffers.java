package dev.firn.store;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Native memory for writes, to be used again: as many buffers as writes were ever under way at
 * once. They begin where direct I/O wants them to. Safe for concurrent use.
 */
final class AlignedBuffers {
  /** What direct I/O asks of addresses, offsets and lengths; no disk or file system wants more. */
  static final int ALIGNMENT = 4096;

  /** From here on a write is worth alignment; shorter ones the system's cache gathers. */
  static final int LONG_BYTES_MIN = 64 << 10;

  private final int capacity;
  private final ConcurrentLinkedQueue<ByteBuffer> free = new ConcurrentLinkedQueue<>();

  /**
   * @param capacity each buffer's bytes, a multiple of {@link #ALIGNMENT}
   */
  AlignedBuffers(int capacity) {
    assert capacity % ALIGNMENT == 0;
    this.capacity = capacity;
  }

  /** An empty buffer, to be given back. */
  ByteBuffer take() {
    ByteBuffer buffer = free.poll();
    return buffer != null
        ? buffer.clear()
        : ByteBuffer.allocateDirect(capacity + ALIGNMENT - 1).alignedSlice(ALIGNMENT);
  }

  void giveBack(ByteBuffer buffer) {
    free.add(buffer);
  }

  /** How many bytes there are up to the next multiple of {@link #ALIGNMENT}. */
  static int bytesToBoundary(long offset) {
    return (int) (-offset & (ALIGNMENT - 1));
  }

  static boolean isAligned(ByteBuffer source, long offset) {
    return source.isDirect()
        && ((offset | source.remaining()) & (ALIGNMENT - 1)) == 0
        && source.alignmentOffset(source.position(), ALIGNMENT) == 0;
  }
}
