package dev.firn.fuse.kernel;

import jnr.constants.platform.Errno;

/**
 * A descriptor that another process sends over a socket.
 *
 * <pre>
 * struct msghdr, 56 bytes         struct cmsghdr, with one descriptor 24 bytes
 *  0 name   24 u64 vectors         0 u64 length
 *  8 u32    32 control             8 s32 level: SOL_SOCKET
 * 16 vector 40 u64 its length     12 s32 type: SCM_RIGHTS
 *           48 s32 flags          16 s32 descriptor
 * </pre>
 */
final class ReceivedDescriptor {
  private static final int MESSAGE_AT = 0;
  private static final int VECTOR_AT = 64;
  private static final int BYTE_AT = 80;
  private static final int CONTROL_AT = 88;
  private static final int CONTROL_BYTES = 24;
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;

  private ReceivedDescriptor() {}

  /** Waits for a message; -1 if it brings no descriptor, or the other end is closed. */
  static int from(int socket) {
    NativeBuffer memory = new NativeBuffer(CONTROL_AT + CONTROL_BYTES);
    try {
      memory.bytes.putLong(MESSAGE_AT + 16, memory.address + VECTOR_AT);
      memory.bytes.putLong(MESSAGE_AT + 24, 1);
      memory.bytes.putLong(MESSAGE_AT + 32, memory.address + CONTROL_AT);
      memory.bytes.putLong(MESSAGE_AT + 40, CONTROL_BYTES);
      memory.bytes.putLong(VECTOR_AT, memory.address + BYTE_AT);
      memory.bytes.putLong(VECTOR_AT + 8, 1);
      long count;
      do {
        count = LinuxCalls.LIBC.recvmsg(socket, memory.address, 0);
      } while (count < 0 && LinuxCalls.lastError() == Errno.EINTR);
      boolean brought =
          count > 0
              && memory.bytes.getLong(MESSAGE_AT + 40) >= CONTROL_BYTES - Integer.BYTES
              && memory.bytes.getInt(CONTROL_AT + 8) == SOL_SOCKET
              && memory.bytes.getInt(CONTROL_AT + 12) == SCM_RIGHTS;
      return brought ? memory.bytes.getInt(CONTROL_AT + 16) : -1;
    } finally {
      memory.free();
    }
  }
}
