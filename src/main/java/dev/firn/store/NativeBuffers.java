package dev.firn.store;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Native memory for writes, to be used again: as many buffers as writes were ever under way at
 * once. Safe for concurrent use.
 */
final class NativeBuffers {
  private final int capacity;
  private final ConcurrentLinkedQueue<ByteBuffer> free = new ConcurrentLinkedQueue<>();

  /**
   * @param capacity each buffer's bytes
   */
  NativeBuffers(int capacity) {
    this.capacity = capacity;
  }

  /** An empty buffer, to be given back. */
  ByteBuffer take() {
    ByteBuffer buffer = free.poll();
    return buffer != null ? buffer.clear() : ByteBuffer.allocateDirect(capacity);
  }

  void giveBack(ByteBuffer buffer) {
    free.add(buffer);
  }
}
