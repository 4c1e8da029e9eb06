package dev.firn.vfs;

import dev.firn.map.ExtentRef;
import dev.firn.map.MapEditor;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;

/** Looking up, making, linking and unlinking. Each operation is one change of the map. */
final class Namespace {
  /** The most names of a file. */
  static final int LINKS_MAX = 65_000;

  static final int LINK_TARGET_BYTES_MAX = 4095;

  /** About what a new name with a new inode takes of the disk. */
  private static final int NEW_NAME_BYTES = 1024;

  private final Inodes inodes;
  private final Entries entries;
  private final Lifetimes lifetimes;
  private final Xattrs xattrs;
  private final Clock clock;

  Namespace(Inodes inodes, Entries entries, Lifetimes lifetimes, Xattrs xattrs, Clock clock) {
    this.inodes = inodes;
    this.entries = entries;
    this.lifetimes = lifetimes;
    this.xattrs = xattrs;
    this.clock = clock;
  }

  Attributes lookup(long parent, byte[] name) throws IOException {
    if (DirectoryEntry.isDots(name)) {
      return inodes
          .map()
          .read(
              view -> {
                Inode directory = inodes.require(view, parent).requireDirectory();
                long number = Names.isDot(name) ? parent : directory.parent;
                return inodes.require(view, number).attributes();
              });
    }
    Names.require(name);
    return inodes
        .map()
        .read(
            view -> {
              long number = Tree.child(view, parent, name);
              if (number == 0) {
                inodes.require(view, parent).requireDirectory();
                throw new ErrnoException(Errno.ENOENT);
              }
              return inodes.require(view, number).attributes();
            });
  }

  Attributes make(
      long parentNumber, byte[] name, int mode, int device, int uid, int gid, byte[] linkTarget)
      throws IOException {
    Names.require(name);
    inodes.requireDiskSpace(NEW_NAME_BYTES);
    entries.touch(parentNumber, name);
    Instant now = clock.instant();
    return inodes.edit(
        editor -> {
          Inode parent = entries.directory(editor, parentNumber);
          if (Tree.child(editor, parentNumber, name) != 0) {
            throw new ErrnoException(Errno.EEXIST);
          }
          Inode child = prepare(parent, mode, device, uid, gid, now);
          if (linkTarget != null) {
            child.sizeBytes = linkTarget.length;
          }
          add(editor, parent, child, Entries.growth(parent, Entries.bytes(name)));
          if (linkTarget != null) {
            FileExtents.put(editor, child.number, 0, ExtentRef.inline(linkTarget));
          }
          entries.put(editor, parent, name, child, now);
          return child.attributes();
        });
  }

  /** A regular file without a name; one use of it is counted. */
  Attributes makeTemporary(long parentNumber, int permissions, int uid, int gid)
      throws IOException {
    inodes.requireDiskSpace(NEW_NAME_BYTES);
    Instant now = clock.instant();
    return inodes.edit(
        editor -> {
          Inode parent = entries.directory(editor, parentNumber);
          Inode child = prepare(parent, FileMode.REGULAR | permissions, 0, uid, gid, now);
          child.linkCount = 0;
          add(editor, parent, child, 0);
          lifetimes.madeTemporary(editor, child);
          return child.attributes();
        });
  }

  /**
   * Takes a new inode into the volume, with what it inherits.
   *
   * @param moreBytes what else of the volume's size is wanted
   */
  private void add(MapEditor editor, Inode parent, Inode child, long moreBytes) throws IOException {
    Xattrs.Inherited inherited = xattrs.inheritedBy(editor, parent, child);
    inodes.requireSpace(child.chargeWith(0, 0, inherited.bytes()) + moreBytes);
    inodes.add(child);
    xattrs.inherit(editor, child, inherited);
  }

  private Inode prepare(Inode parent, int mode, int device, int uid, int gid, Instant now) {
    Inode child = inodes.prepare(mode);
    child.uid = uid;
    child.gid = gid;
    child.device = device;
    child.setAccessTime(now);
    child.setContentTimes(now);
    if ((parent.mode & FileMode.SET_GID) != 0) {
      child.gid = parent.gid;
      if (child.isDirectory()) {
        child.mode |= FileMode.SET_GID;
      }
    }
    if (child.isDirectory()) {
      child.linkCount = 2;
    }
    child.parent = parent.number;
    child.setGeneration(now);
    return child;
  }

  Attributes link(long number, long parentNumber, byte[] name) throws IOException {
    Names.require(name);
    inodes.requireDiskSpace(NEW_NAME_BYTES);
    entries.touch(parentNumber, name);
    Instant now = clock.instant();
    return inodes.edit(
        editor -> {
          Inode inode = inodes.load(editor, number);
          if (inode.isDirectory()) {
            throw new ErrnoException(Errno.EPERM);
          }
          Inode parent = entries.directory(editor, parentNumber);
          if (inode.linkCount == 0 && !lifetimes.isLinkable(number)) {
            throw new ErrnoException(Errno.ENOENT);
          }
          if (Tree.child(editor, parentNumber, name) != 0) {
            throw new ErrnoException(Errno.EEXIST);
          }
          if (inode.linkCount >= LINKS_MAX) {
            throw new ErrnoException(Errno.EMLINK);
          }
          inodes.requireSpace(Entries.growth(parent, Entries.bytes(name)));
          if (inode.linkCount == 0) {
            inode.parent = parent.number;
            lifetimes.linked(editor, inode);
          }
          inode.linkCount++;
          inode.setChangeTime(now);
          inodes.changed(inode);
          entries.put(editor, parent, name, inode, now);
          return inode.attributes();
        });
  }

  void unlink(long parentNumber, byte[] name) throws IOException {
    remove(parentNumber, name, false);
  }

  void removeDirectory(long parentNumber, byte[] name) throws IOException {
    if (Names.isDotDot(name)) {
      throw new ErrnoException(Errno.ENOTEMPTY);
    }
    remove(parentNumber, name, true);
  }

  private void remove(long parentNumber, byte[] name, boolean directory) throws IOException {
    Names.require(name);
    entries.touch(parentNumber, name);
    Instant now = clock.instant();
    long removed =
        inodes.edit(
            editor -> {
              Inode parent = inodes.load(editor, parentNumber).requireDirectory();
              Inode child = inodes.load(editor, Entries.child(editor, parent, name));
              if (child.isDirectory() != directory) {
                throw new ErrnoException(directory ? Errno.ENOTDIR : Errno.EISDIR);
              }
              if (directory && Tree.hasEntries(editor, child.number)) {
                throw new ErrnoException(Errno.ENOTEMPTY);
              }
              entries.remove(editor, parent, name, child, now);
              lifetimes.unlinked(editor, child, now);
              return child.number;
            });
    lifetimes.removeIfUnused(removed);
  }
}
