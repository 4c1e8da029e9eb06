package dev.firn.fuse.jnr;

import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import dev.firn.vfs.SetAttributes.TimeChange;

/**
 * Helps libfuse with fstat, fchmod and the like on open files that have no name. The kernel sends
 * GETATTR without a handle and libfuse looks for a path, which is not there once the file's
 * directory is gone as well. Such requests are changed in the receive buffer before libfuse sees
 * them: GETATTR gets a handle; what SETATTR asks for is done here, and the answer to a GETATTR,
 * which is the same, stands for its own.
 */
final class NamelessRequests {
  /** struct fuse_getattr_in: flags, of which this one says that there is a handle. */
  private static final int GETATTR_HANDLE_FLAG = 1;

  /** struct fuse_setattr_in. */
  private static final int SIZE_OFFSET = 16;

  private static final int ACCESS_SECONDS_OFFSET = 32;
  private static final int MODIFY_SECONDS_OFFSET = 40;
  private static final int ACCESS_NANOS_OFFSET = 56;
  private static final int MODIFY_NANOS_OFFSET = 60;
  private static final int MODE_OFFSET = 68;
  private static final int UID_OFFSET = 76;
  private static final int GID_OFFSET = 80;

  /** Its first word says what to set. */
  private static final int SET_MODE = 1;

  private static final int SET_UID = 1 << 1;
  private static final int SET_GID = 1 << 2;
  private static final int SET_SIZE = 1 << 3;
  private static final int SET_ACCESS_TIME = 1 << 4;
  private static final int SET_MODIFY_TIME = 1 << 5;
  private static final int SET_ACCESS_TIME_NOW = 1 << 7;
  private static final int SET_MODIFY_TIME_NOW = 1 << 8;

  private final FileSystem fileSystem;
  private final HiddenFiles hidden;
  private final Guard guard;

  NamelessRequests(FileSystem fileSystem, HiddenFiles hidden, Guard guard) {
    this.fileSystem = fileSystem;
    this.hidden = hidden;
    this.guard = guard;
  }

  /** Changes this thread's request if it needs help. */
  void prepare(Request request) {
    int opcode = request.opcode();
    if (opcode != Request.GETATTR && opcode != Request.SETATTR) {
      return;
    }
    long inode = hidden.findNode(request.node());
    if (inode == 0) {
      return;
    }
    long arguments = request.arguments();
    if (opcode == Request.SETATTR) {
      SetAttributes changes = changes(arguments);
      request.setFailure(
          guard.answer(
              "setattr",
              () -> {
                fileSystem.setAttributes(inode, changes);
                return 0;
              }));
      request.becomeGetattr();
    }
    request.setNamelessInode(inode);
    NativeMemory.putInt(arguments, GETATTR_HANDLE_FLAG);
  }

  private static SetAttributes changes(long arguments) {
    int valid = NativeMemory.getInt(arguments);
    return new SetAttributes(
        (valid & SET_MODE) == 0
            ? null
            : NativeMemory.getInt(arguments + MODE_OFFSET) & FileMode.PERMISSION_MASK,
        (valid & SET_UID) == 0 ? null : NativeMemory.getInt(arguments + UID_OFFSET),
        (valid & SET_GID) == 0 ? null : NativeMemory.getInt(arguments + GID_OFFSET),
        (valid & SET_SIZE) == 0 ? null : NativeMemory.getLong(arguments + SIZE_OFFSET),
        time(
            valid & SET_ACCESS_TIME,
            valid & SET_ACCESS_TIME_NOW,
            arguments + ACCESS_SECONDS_OFFSET,
            arguments + ACCESS_NANOS_OFFSET),
        time(
            valid & SET_MODIFY_TIME,
            valid & SET_MODIFY_TIME_NOW,
            arguments + MODIFY_SECONDS_OFFSET,
            arguments + MODIFY_NANOS_OFFSET));
  }

  private static TimeChange time(int set, int now, long seconds, long nanos) {
    if (set == 0) {
      return null;
    }
    return now != 0
        ? TimeChange.NOW
        : TimeChange.at(NativeMemory.getLong(seconds), NativeMemory.getInt(nanos));
  }
}
