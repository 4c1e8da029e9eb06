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
 */
final class Request {
  static final int IN_HEADER_BYTES = 40;
  static final int OUT_HEADER_BYTES = 16;

  /** Room for the answers to requests that may be answered later; none of them is longer. */
  private static final int DETACHED_OUT_BYTES = 512;

  final NativeBuffer input;
  final NativeBuffer output;
  private final ByteBuffer in;
  private final ByteBuffer out;
  private final ByteBuffer payload;
  private final ByteBuffer body;
  private int length;

  /**
   * Whether the kernel may hold changed pages of the inode that the answer depends on. Decided once
   * for each request, since who serves it depends on it, too: see {@link Dispatcher#received}.
   */
  private boolean writesBackFirst;

  Request(int inBytes, int outBytes) {
    input = new NativeBuffer(inBytes);
    output = new NativeBuffer(outBytes);
    in = input.bytes;
    out = output.bytes;
    payload = in.duplicate();
    body = out.duplicate();
  }

  /** Takes the request that was put into {@link #input}. */
  void received(int lengthBytes) {
    length = lengthBytes;
    writesBackFirst = false;
  }

  void setWritesBackFirst(boolean value) {
    writesBackFirst = value;
  }

  boolean writesBackFirst() {
    return writesBackFirst;
  }

  /** A copy of its own, to be freed after its answer. */
  Request detach() {
    Request copy = new Request(length, DETACHED_OUT_BYTES);
    NativeBuffer.copy(input, copy.input, length);
    copy.length = length;
    copy.writesBackFirst = writesBackFirst;
    return copy;
  }

  void free() {
    input.free();
    output.free();
  }

  int length() {
    return length;
  }

  int opcode() {
    return in.getInt(4);
  }

  long unique() {
    return in.getLong(8);
  }

  /** The inode it is about. */
  long node() {
    return in.getLong(16);
  }

  int uid() {
    return in.getInt(24);
  }

  int gid() {
    return in.getInt(28);
  }

  /** The 32-bit argument at an offset behind the header. */
  int intAt(int offset) {
    return in.getInt(IN_HEADER_BYTES + offset);
  }

  long longAt(int offset) {
    return in.getLong(IN_HEADER_BYTES + offset);
  }

  /** The NUL-terminated name at an offset behind the header. */
  byte[] nameAt(int offset) throws ErrnoException {
    int from = IN_HEADER_BYTES + offset;
    int end = from;
    while (end < length && in.get(end) != 0) {
      end++;
    }
    if (end >= length) {
      throw new ErrnoException(Errno.EINVAL);
    }
    byte[] name = new byte[end - from];
    in.get(from, name);
    return name;
  }

  byte[] bytesAt(int offset, int count) throws ErrnoException {
    requireLength(offset, count);
    byte[] bytes = new byte[count];
    in.get(IN_HEADER_BYTES + offset, bytes);
    return bytes;
  }

  /** A view of the bytes at an offset, valid until the next request. */
  ByteBuffer payloadAt(int offset, int count) throws ErrnoException {
    requireLength(offset, count);
    payload.limit(IN_HEADER_BYTES + offset + count).position(IN_HEADER_BYTES + offset);
    return payload;
  }

  private void requireLength(int offset, int count) throws ErrnoException {
    if (count < 0 || count > length - IN_HEADER_BYTES - offset) {
      throw new ErrnoException(Errno.EINVAL);
    }
  }

  /** The most bytes that an answer's body can have here. */
  int bodyBytesMax() {
    return output.sizeBytes - OUT_HEADER_BYTES;
  }

  Request putInt(int offset, int value) {
    out.putInt(OUT_HEADER_BYTES + offset, value);
    return this;
  }

  Request putLong(int offset, long value) {
    out.putLong(OUT_HEADER_BYTES + offset, value);
    return this;
  }

  Request putShort(int offset, int value) {
    out.putShort(OUT_HEADER_BYTES + offset, (short) value);
    return this;
  }

  Request putByte(int offset, int value) {
    out.put(OUT_HEADER_BYTES + offset, (byte) value);
    return this;
  }

  Request putBytes(int offset, byte[] bytes) {
    out.put(OUT_HEADER_BYTES + offset, bytes);
    return this;
  }

  /** A view of the body from its start, to be filled with at most {@code count} bytes. */
  ByteBuffer body(int count) {
    body.limit(OUT_HEADER_BYTES + count).position(OUT_HEADER_BYTES);
    return body;
  }

  /** Writes the answer's header; answers the length of the whole. */
  int seal(int error, int bodyBytes) {
    int total = OUT_HEADER_BYTES + bodyBytes;
    sealFor(unique(), error, total);
    return total;
  }

  /** The same for another request, without a body. */
  int sealFor(long unique, int error) {
    sealFor(unique, error, OUT_HEADER_BYTES);
    return OUT_HEADER_BYTES;
  }

  private void sealFor(long unique, int error, int total) {
    out.putInt(0, total);
    out.putInt(4, error);
    out.putLong(8, unique);
  }
}
