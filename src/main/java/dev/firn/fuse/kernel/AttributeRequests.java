package dev.firn.fuse.kernel;

import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.FileSystemStatus;
import dev.firn.vfs.SetAttributes;
import dev.firn.vfs.SetAttributes.TimeChange;
import java.io.IOException;

/** Requests about attributes of one inode, and of the whole file system. */
final class AttributeRequests {
  private static final int MODE = 1;
  private static final int UID = 1 << 1;
  private static final int GID = 1 << 2;
  private static final int SIZE = 1 << 3;
  private static final int ACCESS_TIME = 1 << 4;
  private static final int MODIFY_TIME = 1 << 5;
  private static final int ACCESS_TIME_NOW = 1 << 7;
  private static final int MODIFY_TIME_NOW = 1 << 8;
  private static final int CHANGE_TIME = 1 << 10;
  private static final int KILL_PRIVILEGES = 1 << 11;

  /** All that a call can change. */
  private static final int CHANGES =
      MODE | UID | GID | SIZE | ACCESS_TIME | MODIFY_TIME | ACCESS_TIME_NOW | MODIFY_TIME_NOW;

  private static final int STATUS_BYTES = 80;

  private final FileSystem fileSystem;

  AttributeRequests(FileSystem fileSystem) {
    this.fileSystem = fileSystem;
  }

  int getattr(Request request) throws IOException {
    return Structures.attributes(request, fileSystem, fileSystem.getAttributes(request.node()));
  }

  int statx(Request request) throws IOException {
    return Structures.statx(request, fileSystem, fileSystem.getAttributes(request.node()));
  }

  /**
   *
   *
   * <pre>
   *  0 u32 which  16 u64 size   40 u64 mtime      56 u32 atime ns  68 u32 mode  80 u32 group
   *  8 u64 handle 32 u64 atime  48 u64 ctime      60 u32 mtime ns  76 u32 user
   *                                               64 u32 ctime ns
   * </pre>
   */
  int setattr(Request request) throws IOException {
    int which = request.intAt(0);
    // With nothing to change it is chown(2) that names neither a user nor a group.
    if ((which & KILL_PRIVILEGES) != 0 || (which & CHANGES) == 0) {
      fileSystem.dropPrivileges(request.node());
    }
    SetAttributes changes =
        new SetAttributes(
            (which & MODE) != 0 ? request.intAt(68) & FileMode.PERMISSION_MASK : null,
            (which & UID) != 0 ? request.intAt(76) : null,
            (which & GID) != 0 ? request.intAt(80) : null,
            (which & SIZE) != 0 ? request.longAt(16) : null,
            time(request, which, ACCESS_TIME, ACCESS_TIME_NOW, 32, 56),
            time(request, which, MODIFY_TIME, MODIFY_TIME_NOW, 40, 60),
            time(request, which, CHANGE_TIME, 0, 48, 64));
    return Structures.attributes(
        request, fileSystem, fileSystem.setAttributes(request.node(), changes));
  }

  private static TimeChange time(
      Request request, int which, int given, int now, int secondsAt, int nanosAt) {
    if ((which & now) != 0) {
      return TimeChange.NOW;
    }
    return (which & given) == 0
        ? null
        : TimeChange.at(request.longAt(secondsAt), request.intAt(nanosAt));
  }

  /** fuse_kstatfs: u64 blocks, free, available, inodes, free; u32 block, name, fragment size. */
  int statfs(Request request) throws IOException {
    FileSystemStatus status = fileSystem.status();
    for (int i = 0; i < STATUS_BYTES; i += Long.BYTES) {
      request.putLong(i, 0);
    }
    long freeBlocks = status.freeBytes() / Structures.BLOCK_BYTES;
    request
        .putLong(0, status.totalBytes() / Structures.BLOCK_BYTES)
        .putLong(8, freeBlocks)
        .putLong(16, freeBlocks)
        .putLong(24, status.inodesTotal())
        .putLong(32, status.inodesFree())
        .putInt(40, Structures.BLOCK_BYTES)
        .putInt(44, FileSystem.NAME_BYTES_MAX)
        .putInt(48, Structures.BLOCK_BYTES);
    return STATUS_BYTES;
  }
}
