package dev.firn.snapshot;

import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/** What is behind a handle of {@link SnapshotView} that is not simply the live file system's. */
interface Opened extends Closeable {
  /** As {@link dev.firn.vfs.FileSystem#readDirectory}; EBADF for what is no directory. */
  default List<DirectoryEntry> list(long cookie, int limit) throws IOException {
    throw new ErrnoException(Errno.EBADF);
  }
}
