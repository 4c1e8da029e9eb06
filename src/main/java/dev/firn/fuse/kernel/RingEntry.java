package dev.firn.fuse.kernel;

import java.nio.ByteBuffer;

/**
 * A place in a queue of the kernel for one request at a time and its answer. It is with the kernel
 * until a request is in it, with us until the answer is committed. Belongs to one thread.
 *
 * <pre>
 * fuse_uring_req_header, 288 bytes      fuse_uring_ent_in_out, 32 bytes
 *   0 header of request or answer        0 u64 flags     16 u32 bytes of payload
 * 128 first structure of arguments       8 u64 commit id 24 u64 0
 * 256 fuse_uring_ent_in_out
 * </pre>
 */
final class RingEntry {
  private static final int REGISTER = 1;
  private static final int COMMIT_AND_FETCH = 2;

  private static final int ARGUMENTS_AT = 128;
  private static final int COMMIT_ID_AT = 264;
  private static final int PAYLOAD_BYTES_AT = 272;
  private static final int HEADER_BYTES = 288;

  /** Two struct iovec: u64 address, u64 length. */
  private static final int VECTORS_AT = 512;

  private static final int VECTORS = 2;

  final Request request;

  private final int queue;
  private final MappedMemory memory;
  private final ByteBuffer header;

  /** Whether the kernel knows it. */
  private boolean registered;

  RingEntry(int queue, int payloadBytes) {
    this.queue = queue;
    memory = MappedMemory.anonymous(MappedMemory.PAGE_BYTES + payloadBytes);
    header = memory.view(0, MappedMemory.PAGE_BYTES);
    request = new Request(header, ARGUMENTS_AT, memory.view(MappedMemory.PAGE_BYTES, payloadBytes));
    header
        .putLong(VECTORS_AT, memory.address)
        .putLong(VECTORS_AT + 8, HEADER_BYTES)
        .putLong(VECTORS_AT + 16, memory.address + MappedMemory.PAGE_BYTES)
        .putLong(VECTORS_AT + 24, payloadBytes);
  }

  /** Gives it to the kernel: the first time by registering it, then with the answer in it. */
  void submitTo(IoUring ring) {
    if (registered) {
      ring.command(COMMIT_AND_FETCH, 0, 0, header.getLong(COMMIT_ID_AT), queue);
    } else {
      ring.command(REGISTER, memory.address + VECTORS_AT, VECTORS, 0, queue);
    }
  }

  /** The kernel has put a request into it. */
  void received() {
    registered = true;
    request.receivedInParts(header.getInt(PAYLOAD_BYTES_AT));
  }

  void answer(int error, int bodyBytes) {
    request.seal(error, bodyBytes);
    header.putInt(PAYLOAD_BYTES_AT, bodyBytes);
  }

  void unmap() {
    memory.unmap();
  }
}
