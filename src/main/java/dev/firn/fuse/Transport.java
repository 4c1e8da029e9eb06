package dev.firn.fuse;

import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Path;

/** One way of serving file systems to the kernel. Safe for concurrent use. */
public interface Transport {
  /** The name that users choose it by. */
  String name();

  /**
   * Mounts a file system and returns when it can be used. What is left of a mount whose process
   * died is cleared away first. The file system is not closed when the mount ends: that is for
   * whoever opened it, after {@link Mount#ended}.
   *
   * @throws dev.firn.base.FirnException NOT_FOUND when the directory is missing; CONFLICT when it
   *     is no directory, not empty, or a mount point; FAILED when the machine lacks what it takes
   *     (the message names what to install); NOT_PERMITTED when this user may not mount
   */
  Mount mount(FileSystem fileSystem, Path directory, MountOptions options) throws IOException;
}
