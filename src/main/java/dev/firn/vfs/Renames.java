package dev.firn.vfs;

import dev.firn.map.MapEditor;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;

/** Renaming within a live volume: moving, replacing and swapping, each one change of the map. */
final class Renames {
  private final Inodes inodes;
  private final Entries entries;
  private final Lifetimes lifetimes;
  private final Clock clock;

  Renames(Inodes inodes, Entries entries, Lifetimes lifetimes, Clock clock) {
    this.inodes = inodes;
    this.entries = entries;
    this.lifetimes = lifetimes;
    this.clock = clock;
  }

  void rename(long parentNumber, byte[] name, long newParentNumber, byte[] newName, int flags)
      throws IOException {
    Names.require(name);
    Names.require(newName);
    if (flags != 0
        && flags != FileSystem.RENAME_NO_REPLACE
        && flags != FileSystem.RENAME_EXCHANGE) {
      throw new ErrnoException(Errno.EINVAL);
    }
    entries.touch(parentNumber, name);
    entries.touch(newParentNumber, newName);
    Instant now = clock.instant();
    long replaced =
        inodes.edit(
            editor -> {
              Inode parent = inodes.load(editor, parentNumber).requireDirectory();
              Inode newParent = entries.directory(editor, newParentNumber);
              Inode source = inodes.load(editor, Entries.child(editor, parent, name));
              long targetNumber = Tree.child(editor, newParentNumber, newName);
              Inode target = targetNumber == 0 ? null : inodes.load(editor, targetNumber);
              boolean exchange = flags == FileSystem.RENAME_EXCHANGE;
              if (target == null && exchange) {
                throw new ErrnoException(Errno.ENOENT);
              }
              if (target != null && flags == FileSystem.RENAME_NO_REPLACE) {
                throw new ErrnoException(Errno.EEXIST);
              }
              if (source == target) {
                return 0L;
              }
              requireOutside(editor, newParent, source);
              if (exchange) {
                requireOutside(editor, parent, target);
                exchange(editor, parent, name, source, newParent, newName, target, now);
                return 0L;
              }
              if (target != null) {
                requireReplaceable(editor, source, target);
              } else {
                long reused = parent == newParent ? Entries.bytes(name) : 0;
                inodes.requireSpace(Entries.growth(newParent, Entries.bytes(newName) - reused));
              }
              entries.remove(editor, parent, name, source, now);
              if (target != null) {
                entries.remove(editor, newParent, newName, target, now);
                lifetimes.unlinked(editor, target, now);
              }
              entries.put(editor, newParent, newName, source, now);
              entries.moved(source, newParent, now);
              return targetNumber;
            });
    if (replaced != 0) {
      lifetimes.removeIfUnused(replaced);
    }
  }

  private void exchange(
      MapEditor editor,
      Inode parent,
      byte[] name,
      Inode source,
      Inode newParent,
      byte[] newName,
      Inode target,
      Instant now)
      throws IOException {
    entries.remove(editor, parent, name, source, now);
    entries.remove(editor, newParent, newName, target, now);
    entries.put(editor, newParent, newName, source, now);
    entries.put(editor, parent, name, target, now);
    entries.moved(source, newParent, now);
    entries.moved(target, parent, now);
  }

  private static void requireReplaceable(MapEditor editor, Inode source, Inode target)
      throws IOException {
    if (source.isDirectory() && !target.isDirectory()) {
      throw new ErrnoException(Errno.ENOTDIR);
    }
    if (!source.isDirectory() && target.isDirectory()) {
      throw new ErrnoException(Errno.EISDIR);
    }
    if (target.isDirectory() && Tree.hasEntries(editor, target.number)) {
      throw new ErrnoException(Errno.ENOTEMPTY);
    }
  }

  /** Throws EINVAL if a directory is {@code inode} or somewhere below it. */
  private void requireOutside(MapEditor editor, Inode directory, Inode inode) throws IOException {
    if (!inode.isDirectory()) {
      return;
    }
    Inode ancestor = directory;
    while (ancestor.number != inode.number) {
      if (ancestor.parent == ancestor.number) {
        return;
      }
      ancestor = inodes.require(editor, ancestor.parent);
    }
    throw new ErrnoException(Errno.EINVAL);
  }
}
