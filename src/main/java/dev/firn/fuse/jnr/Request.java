package dev.firn.fuse.jnr;

import java.util.Arrays;

/**
 * The kernel's request that this thread is serving, as it lies in the receive buffer
 * (linux/fuse.h). libfuse calls back with paths only; some callbacks must know what they are for.
 */
final class Request {
  static final int LOOKUP = 1;
  static final int GETATTR = 3;
  static final int SETATTR = 4;
  static final int UNLINK = 10;
  static final int RENAME = 12;

  private static final int OPCODE_OFFSET = 4;
  private static final int NODE_OFFSET = 16;
  private static final int UID_OFFSET = 24;
  private static final int GID_OFFSET = 28;
  private static final int HEADER_BYTES = 40;

  /** struct fuse_rename_in: the new parent's node. */
  private static final int RENAME_ARGUMENT_BYTES = 8;

  private static final ThreadLocal<Request> CURRENT = ThreadLocal.withInitial(Request::new);

  private long address;
  private long namelessInode;
  private int failure;

  private Request() {}

  static Request current() {
    return CURRENT.get();
  }

  /** Called before libfuse handles what was received; 0 afterwards. */
  void setAddress(long address) {
    this.address = address;
    namelessInode = 0;
    failure = 0;
  }

  /** The kind of request; 0 outside of any, as when libfuse tidies up at the end. */
  int opcode() {
    return address == 0 ? 0 : NativeMemory.getInt(address + OPCODE_OFFSET);
  }

  /** libfuse's number for the path that the request is about. */
  long node() {
    return NativeMemory.getLong(address + NODE_OFFSET);
  }

  /** The address of what follows the header. */
  long arguments() {
    return address + HEADER_BYTES;
  }

  /** Lets libfuse take the request for a GETATTR. */
  void becomeGetattr() {
    NativeMemory.putInt(address + OPCODE_OFFSET, GETATTR);
  }

  /** The inode that a GETATTR is about if {@link NamelessRequests} prepared it, or 0. */
  long namelessInode() {
    return namelessInode;
  }

  void setNamelessInode(long inode) {
    namelessInode = inode;
  }

  /** An error number below 0 that the request is to be answered with, or 0. */
  int failure() {
    return failure;
  }

  void setFailure(int failure) {
    this.failure = failure;
  }

  /** Who asks; owns what is made. */
  int uid() {
    return NativeMemory.getInt(address + UID_OFFSET);
  }

  int gid() {
    return NativeMemory.getInt(address + GID_OFFSET);
  }

  /** For RENAME: whether this is the new name that was asked for. */
  boolean isNewName(byte[] name) {
    long oldName = arguments() + RENAME_ARGUMENT_BYTES;
    long newName = oldName + NativeMemory.string(oldName).length + 1;
    return Arrays.equals(NativeMemory.string(newName), name);
  }
}
