package dev.firn.fuse.kernel;

import dev.firn.vfs.Attributes;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Requests about listings.
 *
 * <p>The kernel keeps one listing of a directory for all who let it, and whoever is in the middle
 * of one goes on in what is kept by then, at his cookie. A cookie is a position in the listing of
 * one handle; names that have gone since make it another position in the next. So, an invariant: of
 * the handles of a directory that are open one at most lets the kernel keep its listing, and none
 * of those that are to leave no trace (O_NOATIME), as {@link OwnMount}'s.
 */
final class DirectoryRequests {
  /** In the answer to OPENDIR: the listing may be cached. */
  private static final int CACHE_DIRECTORY = 1 << 3;

  /** fuse_dirent without its name: u64 inode, u64 cookie, u32 name's length, u32 type. */
  private static final int RECORD_BYTES = 24;

  private static final int TYPE_SHIFT = 12;

  /** A guess; a longer name only means that the last entries of a batch are read again. */
  private static final int USUAL_NAME_BYTES = 8;

  private final FileSystem fileSystem;

  /** By directory: the handle whose listing the kernel keeps. */
  private final ConcurrentMap<Long, Long> keepers = new ConcurrentHashMap<>();

  DirectoryRequests(FileSystem fileSystem) {
    this.fileSystem = fileSystem;
  }

  /** u32 flags of open(2). */
  int opendir(Request request) throws IOException {
    long directory = request.node();
    long handle = fileSystem.openDirectory(directory);
    int flags = 0;
    if (!fileSystem.changesUnseen(directory)) {
      boolean leavesNoTrace = (request.intAt(0) & LinuxCalls.O_NOATIME) != 0;
      boolean keeps = !leavesNoTrace && keepers.putIfAbsent(directory, handle) == null;
      flags = Structures.OPEN_KEEP_CACHE | (keeps ? CACHE_DIRECTORY : 0);
    }
    return Structures.open(request, 0, handle, flags);
  }

  /** u64 handle. */
  int releasedir(Request request) throws IOException {
    long handle = request.longAt(0);
    keepers.remove(request.node(), handle);
    fileSystem.releaseDirectory(handle);
    return 0;
  }

  /** u64 handle, u64 cookie, u32 size. */
  int readdir(Request request) throws IOException {
    return list(request, 0);
  }

  /** Each entry is preceded by what a LOOKUP of its name answers. */
  int readdirplus(Request request) throws IOException {
    return list(request, Structures.ENTRY_BYTES);
  }

  private int list(Request request, int entryBytes) throws IOException {
    int room = Math.min(request.intAt(16), request.bodyBytesMax());
    int batch = Math.max(1, room / (entryBytes + RECORD_BYTES + USUAL_NAME_BYTES));
    List<DirectoryEntry> entries =
        fileSystem.readDirectory(request.longAt(0), request.longAt(8), batch);
    int at = 0;
    for (DirectoryEntry entry : entries) {
      int length = entryBytes + align(RECORD_BYTES + entry.name().length);
      if (at + length > room) {
        break;
      }
      if (entryBytes > 0) {
        lookup(request, at, entry);
      }
      record(request, at + entryBytes, entry);
      at += length;
    }
    return at;
  }

  private static int align(int length) {
    return length + 7 & -8;
  }

  private static void record(Request request, int at, DirectoryEntry entry) {
    int nameLength = entry.name().length;
    // The padding first, then what lies over it.
    request.putLong(at + align(RECORD_BYTES + nameLength) - Long.BYTES, 0);
    request
        .putLong(at, entry.inode())
        .putLong(at + 8, entry.cookie())
        .putInt(at + 16, nameLength)
        .putInt(at + 20, entry.type() >> TYPE_SHIFT)
        .putBytes(at + RECORD_BYTES, entry.name());
  }

  /**
   * The listing is of the moment when it was opened, so the name is looked up once more: the kernel
   * holds the directory's lock meanwhile, which makes that the truth. Node 0 means that the kernel
   * is told of the name only.
   */
  private void lookup(Request request, int at, DirectoryEntry entry) throws IOException {
    long directory = request.node();
    if (!DirectoryEntry.isDots(entry.name())) {
      try {
        Attributes found = fileSystem.lookup(directory, entry.name());
        if (found.inode() == entry.inode()) {
          fileSystem.remember(found.inode());
          Structures.entry(request, at, fileSystem, directory, found);
          return;
        }
      } catch (ErrnoException e) {
        if (e.errno() != Errno.ENOENT) {
          throw e;
        }
      }
    }
    Structures.noEntry(request, at);
  }

  int fsyncdir(Request request) throws IOException {
    fileSystem.sync(request.node());
    return 0;
  }
}
