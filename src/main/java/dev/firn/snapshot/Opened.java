package dev.firn.snapshot;

import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** What is behind a handle of {@link SnapshotView} that is not simply the live file system's. */
interface Opened extends Closeable {
  /** As {@link FileSystem#readDirectory}; EBADF for what is no directory. */
  default List<DirectoryEntry> list(long cookie, int limit) throws IOException {
    throw new ErrnoException(Errno.EBADF);
  }

  /** A file of a snapshot. */
  record File(SnapshotTrees.Use use, long handle) implements Opened {
    @Override
    public void close() throws IOException {
      try (use) {
        use.files().release(handle);
      }
    }
  }

  /**
   * {@code .snapshots} as it was when it was last read from the start, without what went since
   * then: to keep names of what may be ten thousand would take as long as to read them all.
   */
  final class Names implements Opened {
    private final SnapshotDirectory directory;
    private long upTo = -1;

    Names(SnapshotDirectory directory) {
      this.directory = directory;
    }

    @Override
    public synchronized List<DirectoryEntry> list(long cookie, int limit) {
      if (cookie == 0 || upTo < 0) {
        upTo = directory.newestNumber();
      }
      return directory.list(cookie, upTo, limit);
    }

    @Override
    public void close() {}
  }

  /** A directory of a snapshot. */
  record Tree(SnapshotTrees.Use use, long handle, long number, boolean isRoot) implements Opened {
    @Override
    public List<DirectoryEntry> list(long cookie, int limit) throws IOException {
      return use.files().readDirectory(handle, cookie, limit).stream()
          .map(e -> new DirectoryEntry(e.name(), inode(e), e.type(), e.cookie()))
          .toList();
    }

    private long inode(DirectoryEntry entry) {
      return isRoot && Arrays.equals(entry.name(), SnapshotView.DOT_DOT)
          ? SnapshotView.DIRECTORY_INODE
          : SnapshotView.outerInode(number, entry.inode());
    }

    @Override
    public void close() throws IOException {
      try (use) {
        use.files().releaseDirectory(handle);
      }
    }
  }

  /** The live root, with {@code .snapshots} as its last entry if that is to be seen. */
  record Root(FileSystem live, long handle, boolean showSnapshots) implements Opened {
    private static final long COOKIE = Long.MAX_VALUE;

    @Override
    public List<DirectoryEntry> list(long cookie, int limit) throws IOException {
      if (cookie == COOKIE) {
        return List.of();
      }
      List<DirectoryEntry> found = live.readDirectory(handle, cookie, limit);
      while (!found.isEmpty()) {
        // An imported tree may have a real file of that name: this view hides it.
        List<DirectoryEntry> visible =
            found.stream()
                .filter(e -> !Arrays.equals(e.name(), SnapshotView.DIRECTORY_NAME))
                .toList();
        if (!visible.isEmpty()) {
          return visible;
        }
        found = live.readDirectory(handle, found.get(found.size() - 1).cookie(), limit);
      }
      return showSnapshots ? List.of(itself()) : List.of();
    }

    private static DirectoryEntry itself() {
      return new DirectoryEntry(
          SnapshotView.DIRECTORY_NAME, SnapshotView.DIRECTORY_INODE, FileMode.DIRECTORY, COOKIE);
    }

    @Override
    public void close() throws IOException {
      live.releaseDirectory(handle);
    }
  }
}
