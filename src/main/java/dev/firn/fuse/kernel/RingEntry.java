package dev.firn.fuse.kernel;

import java.nio.ByteBuffer;
import jnr.constants.platform.Errno;

/**
 * A place in a queue of the kernel for one request at a time and its answer, with memory of its
 * own. It is with the kernel until a request is in it, with us until the answer is committed.
 *
 * <pre>
 * fuse_uring_req_header, 288 bytes      fuse_uring_ent_in_out, 32 bytes
 *   0 header of request or answer        0 u64 flags     16 u32 bytes of payload
 * 128 first structure of arguments       8 u64 commit id 24 u64 0
 * 256 fuse_uring_ent_in_out
 * </pre>
 */
final class RingEntry implements RequestSource, Runnable {
  private static final int ARGUMENTS_AT = 128;
  private static final int COMMIT_ID_AT = 264;
  private static final int PAYLOAD_BYTES_AT = 272;
  private static final int HEADER_BYTES = 288;

  /** Two struct iovec: u64 address, u64 length. */
  private static final int VECTORS_AT = 512;

  static final int VECTORS = 2;

  final Request request;

  /** The place in its server's list. */
  final int index;

  final int queue;

  /** Whether another entry was registered in its place, since its request may sleep. */
  boolean replaced;

  /** Of those that were answered by other threads, the one answered before. */
  RingEntry next;

  private final RingServer server;
  private final MappedMemory memory;
  private final ByteBuffer header;

  /** Whether whoever sent the request waits for an answer. */
  private boolean owesAnAnswer;

  /** Whether the kernel has it registered: the next command commits. */
  private boolean registered;

  RingEntry(RingServer server, int index, int queue, int payloadBytes) {
    this.server = server;
    this.index = index;
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

  long vectorsAddress() {
    return memory.address + VECTORS_AT;
  }

  /** The kernel has put a request here. */
  void received() {
    registered = true;
    owesAnAnswer = true;
    request.receivedInParts(header.getInt(PAYLOAD_BYTES_AT));
  }

  boolean isRegistered() {
    return registered;
  }

  boolean owesAnAnswer() {
    return owesAnAnswer;
  }

  long commitId() {
    return header.getLong(COMMIT_ID_AT);
  }

  /** In a thread that does not serve the ring. */
  @Override
  public void run() {
    server.serveElsewhere(this);
  }

  /** A refusal comes later, to the thread that serves the ring. */
  @Override
  public Errno answer(Request answered, int error, int bodyBytes) {
    answered.seal(error, bodyBytes);
    header.putInt(PAYLOAD_BYTES_AT, bodyBytes);
    owesAnAnswer = false;
    server.answered(this);
    return null;
  }

  @Override
  public Errno answerJoined(long unique, int error) {
    return answer(request, error, 0);
  }

  void unmap() {
    memory.unmap();
  }
}
