package dev.firn.fuse.kernel;

import dev.firn.fuse.MountPoint;
import java.nio.file.Path;

/**
 * Opens a mount's root directory for a moment. By an open directory a umount(2) of just that moment
 * would find the mount busy; so it is one of a copy of the mount that is attached nowhere
 * (open_tree(2)), which only root may make. Of a user's mount it is the directory itself.
 */
final class MountRoot {
  private static final int FLAGS = LinuxCalls.O_CLOEXEC | LinuxCalls.O_DIRECTORY;
  private static final long SYS_OPEN_TREE = 428;
  private static final long OPEN_TREE_CLONE = 1;

  /** More than any architecture's struct statfs. */
  private static final int STATFS_BYTES = 256;

  private MountRoot() {}

  /** A descriptor for the caller to close; below 0 if there is none. */
  static int open(Path directory) {
    int root = openCopy(directory);
    return root >= 0 ? root : LinuxCalls.LIBC.open(MountPoint.terminated(directory), FLAGS);
  }

  /** The same of a copy alone, which makes no umount(2) find the mount busy. */
  static int openCopy(Path directory) {
    int tree = copy(directory);
    if (tree < 0) {
      return -1;
    }
    try {
      return LinuxCalls.LIBC.openat(tree, Mounter.text("."), FLAGS);
    } finally {
      LinuxCalls.LIBC.close(tree);
    }
  }

  private static int copy(Path directory) {
    return (int)
        LinuxCalls.LIBC.syscall(
            SYS_OPEN_TREE,
            LinuxCalls.AT_FDCWD,
            MountPoint.terminated(directory),
            OPEN_TREE_CLONE | LinuxCalls.O_CLOEXEC);
  }

  /** Has the kernel send a STATFS, and returns when that was answered. */
  static void ask(Path directory) {
    int root = copy(directory);
    if (root < 0) {
      root =
          LinuxCalls.LIBC.open(
              MountPoint.terminated(directory), LinuxCalls.O_CLOEXEC | LinuxCalls.O_PATH);
    }
    if (root >= 0) {
      LinuxCalls.LIBC.fstatfs(root, new byte[STATFS_BYTES]);
      LinuxCalls.LIBC.close(root);
    }
  }
}
