package dev.firn.fuse;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** A file system that a transport serves to the kernel. Safe for concurrent use. */
public interface Mount {
  /** Where it is mounted: absolute, without symbolic links. */
  Path directory();

  /**
   * Takes the mount away and returns when no request is under way any more and everything is
   * durable. Does nothing when it is gone already. Must not be called from a file-system operation
   * of this mount.
   *
   * @throws dev.firn.base.FirnException CONFLICT, naming the users, when the mount is busy; it then
   *     stays as it is
   */
  void unmount();

  /**
   * Completes when the mount has ended, by {@link #unmount} or by anyone else (umount,
   * fusermount3), and the file system was told to make everything durable; exceptionally when that
   * failed. The file system can then be closed.
   */
  CompletableFuture<Void> ended();
}
