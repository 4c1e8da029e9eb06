package dev.firn.fuse.kernel;

import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import java.nio.ByteBuffer;

/**
 * One request of the kernel and the room for its answer, wherever they came from: a header,
 * arguments, perhaps a payload; then a header and a body. Belongs to one thread at a time, which
 * reuses it for the next request; {@link #detach} makes a copy that may be answered later.
 *
 * <pre>
 * fuse_in_header                     fuse_out_header
 *  0 u32 length    24 u32 user        0 u32 length
 *  4 u32 opcode    28 u32 group       4 s32 error number, negative
 *  8 u64 unique    32 u32 process     8 u64 unique
 * 16 u64 node      36 u32 extensions 16     body
 *                  40     arguments
 * </pre>
 *
 * <p>Over /dev/fuse each of the two is one message. In an entry of a ring (see {@link RingEntry})
 * the arguments' first structure has a place of its own, what follows it is the payload, and the
 * answer's header and body take the places of the request's header and payload: an answer's body is
 * written only after what it lies over was read.
 */
final class Request {
  static final int IN_HEADER_BYTES = 40;
  static final int OUT_HEADER_BYTES = 16;

  /** Room for the answers to requests that may be answered later; none of them is longer. */
  private static final int DETACHED_OUT_BYTES = 512;

  /** Both null in a ring. */
  final NativeBuffer input;

  final NativeBuffer output;

  private final ByteBuffer header;

  /** The first structure of the arguments, where it has a place of its own. */
  private final ByteBuffer first;

  private final int firstAt;

  /** The other arguments, or all. */
  private final ByteBuffer rest;

  private final int restAt;
  private final ByteBuffer outHeader;
  private final ByteBuffer out;
  private final int bodyAt;
  private final ByteBuffer payload;
  private final ByteBuffer body;

  /** The bytes of arguments that are not in {@link #rest}. */
  private int firstBytes;

  private int restEnd;
  private int opcode;

  /**
   * Whether the kernel may hold changed pages of the inode that the answer depends on. Decided once
   * for each request, since who serves it depends on it, too: see {@link Dispatcher#received}.
   */
  private boolean writesBackFirst;

  Request(int inBytes, int outBytes) {
    input = new NativeBuffer(inBytes);
    output = new NativeBuffer(outBytes);
    header = input.bytes;
    first = input.bytes;
    firstAt = IN_HEADER_BYTES;
    rest = input.bytes;
    restAt = IN_HEADER_BYTES;
    outHeader = output.bytes;
    out = output.bytes;
    bodyAt = OUT_HEADER_BYTES;
    payload = rest.duplicate();
    body = out.duplicate();
  }

  /**
   * In memory of somebody else.
   *
   * @param header of request and answer
   * @param firstAt where in it the first structure of the arguments is
   * @param payload the other arguments, and the body of the answer
   */
  Request(ByteBuffer header, int firstAt, ByteBuffer payload) {
    input = null;
    output = null;
    this.header = header;
    this.first = header;
    this.firstAt = firstAt;
    this.rest = payload;
    this.restAt = 0;
    this.outHeader = header;
    this.out = payload;
    this.bodyAt = 0;
    this.payload = payload.duplicate();
    this.body = payload.duplicate();
  }

  /** Takes the request that was put into {@link #input}. */
  void received(int lengthBytes) {
    received(0, lengthBytes);
  }

  /** Takes the request that was put into a ring's entry. */
  void receivedInParts(int payloadBytes) {
    received(Opcode.firstArgumentBytes(header.getInt(4)), payloadBytes);
  }

  private void received(int firstBytes, int restEnd) {
    this.firstBytes = firstBytes;
    this.restEnd = restEnd;
    opcode = header.getInt(4);
    writesBackFirst = false;
  }

  void setWritesBackFirst(boolean value) {
    writesBackFirst = value;
  }

  boolean writesBackFirst() {
    return writesBackFirst;
  }

  /** A copy of its own, to be freed after its answer; not of one in a ring. */
  Request detach() {
    Request copy = new Request(restEnd, DETACHED_OUT_BYTES);
    NativeBuffer.copy(input, copy.input, restEnd);
    copy.received(restEnd);
    copy.writesBackFirst = writesBackFirst;
    return copy;
  }

  void free() {
    input.free();
    output.free();
  }

  int opcode() {
    return opcode;
  }

  long unique() {
    return header.getLong(8);
  }

  /** The inode it is about. */
  long node() {
    return header.getLong(16);
  }

  int uid() {
    return header.getInt(24);
  }

  int gid() {
    return header.getInt(28);
  }

  /** The 32-bit argument at an offset behind the header. */
  int intAt(int offset) {
    return offset < firstBytes ? first.getInt(firstAt + offset) : rest.getInt(inRest(offset));
  }

  long longAt(int offset) {
    return offset < firstBytes ? first.getLong(firstAt + offset) : rest.getLong(inRest(offset));
  }

  private int inRest(int offset) {
    return restAt + offset - firstBytes;
  }

  /** The NUL-terminated name at an offset behind the header. */
  byte[] nameAt(int offset) throws ErrnoException {
    int from = inRest(offset);
    int end = from;
    while (end < restEnd && rest.get(end) != 0) {
      end++;
    }
    if (end >= restEnd) {
      throw new ErrnoException(Errno.EINVAL);
    }
    byte[] name = new byte[end - from];
    rest.get(from, name);
    return name;
  }

  byte[] bytesAt(int offset, int count) throws ErrnoException {
    requireLength(offset, count);
    byte[] bytes = new byte[count];
    rest.get(inRest(offset), bytes);
    return bytes;
  }

  /** A view of the bytes at an offset, valid until the next request. */
  ByteBuffer payloadAt(int offset, int count) throws ErrnoException {
    requireLength(offset, count);
    payload.limit(inRest(offset) + count).position(inRest(offset));
    return payload;
  }

  private void requireLength(int offset, int count) throws ErrnoException {
    if (count < 0 || count > restEnd - inRest(offset)) {
      throw new ErrnoException(Errno.EINVAL);
    }
  }

  /** The most bytes that an answer's body can have here. */
  int bodyBytesMax() {
    return out.capacity() - bodyAt;
  }

  Request putInt(int offset, int value) {
    out.putInt(bodyAt + offset, value);
    return this;
  }

  Request putLong(int offset, long value) {
    out.putLong(bodyAt + offset, value);
    return this;
  }

  Request putShort(int offset, int value) {
    out.putShort(bodyAt + offset, (short) value);
    return this;
  }

  Request putByte(int offset, int value) {
    out.put(bodyAt + offset, (byte) value);
    return this;
  }

  Request putBytes(int offset, byte[] bytes) {
    out.put(bodyAt + offset, bytes);
    return this;
  }

  /** A view of the body from its start, to be filled with at most {@code count} bytes. */
  ByteBuffer body(int count) {
    body.limit(bodyAt + count).position(bodyAt);
    return body;
  }

  /** Writes the answer's header; answers the length of the whole. */
  int seal(int error, int bodyBytes) {
    int total = OUT_HEADER_BYTES + bodyBytes;
    outHeader.putLong(8, unique());
    outHeader.putInt(0, total);
    outHeader.putInt(4, error);
    return total;
  }
}
