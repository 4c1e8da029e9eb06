package dev.firn.vfs;

import dev.firn.map.MapEditor;
import java.io.IOException;
import java.time.Instant;

/** Names in directories, with what a directory's size, link count and times follow from them. */
final class Entries {
  /** What a name adds to its directory's size besides its own bytes. */
  private static final int ENTRY_BYTES = 32;

  /** A power of 2. */
  private static final int VERSIONS = 4096;

  private final Inodes inodes;

  /** Counts of changes; directories share them by their numbers. Guarded by the volume's lock. */
  private final long[] versions = new long[VERSIONS];

  Entries(Inodes inodes) {
    this.inodes = inodes;
  }

  /** A directory that can take a new name: ENOENT if it has been removed itself. */
  Inode directory(MapEditor editor, long number) throws IOException {
    Inode directory = inodes.load(editor, number).requireDirectory();
    if (directory.linkCount == 0) {
      throw new ErrnoException(Errno.ENOENT);
    }
    return directory;
  }

  /** The inode behind a name; ENOENT if there is none. */
  static long child(MapEditor editor, Inode parent, byte[] name) throws IOException {
    long number = Tree.child(editor, parent.number, name);
    if (number == 0) {
      throw new ErrnoException(Errno.ENOENT);
    }
    return number;
  }

  /** Adds a name that is not there. */
  void put(MapEditor editor, Inode parent, byte[] name, Inode child, Instant now)
      throws IOException {
    editor.put(Keys.entry(parent.number, name), Tree.entryValue(child.number, child.type()));
    changed(parent, bytes(name), child.isDirectory() ? 1 : 0, now);
  }

  void remove(MapEditor editor, Inode parent, byte[] name, Inode child, Instant now)
      throws IOException {
    editor.delete(Keys.entry(parent.number, name));
    changed(parent, -bytes(name), child.isDirectory() ? -1 : 0, now);
  }

  private void changed(Inode parent, long bytes, int directories, Instant now) {
    parent.sizeBytes += bytes;
    parent.linkCount += directories;
    touchVersion(parent.number);
    parent.setContentTimes(now);
    inodes.changed(parent);
  }

  /** Puts an inode into a directory that has got a name for it. */
  void moved(Inode inode, Inode newParent, Instant now) {
    inode.parent = newParent.number;
    inode.setChangeTime(now);
    // Its ".." is another one.
    touchVersion(inode.number);
    inodes.changed(inode);
  }

  /**
   * A number that changes whenever a directory's listing does, and sometimes when it does not. Only
   * with the volume's lock.
   */
  long version(long directory) {
    return versions[(int) directory & (VERSIONS - 1)];
  }

  private void touchVersion(long directory) {
    versions[(int) directory & (VERSIONS - 1)]++;
  }

  /** What the volume needs more when a directory grows by so many bytes. */
  static long growth(Inode directory, long moreBytes) {
    return directory.chargeWith(0, moreBytes, 0) - directory.chargedBytes;
  }

  /** What a name adds to its directory's size. */
  static long bytes(byte[] name) {
    return ENTRY_BYTES + name.length;
  }

  /** Loads what a change will need, so that the exclusive lock need not be held meanwhile. */
  void touch(long parent, byte[] name) throws IOException {
    inodes
        .map()
        .read(
            view -> {
              inodes.find(view, parent);
              long child = Tree.child(view, parent, name);
              return child == 0 ? null : inodes.find(view, child);
            });
  }
}
