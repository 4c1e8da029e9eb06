package dev.firn.vfs;

import dev.firn.map.ExtentRef;
import dev.firn.map.MapEditor;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;

/** Names: looking up, making, linking and unlinking. Each operation is one change of the map. */
final class Namespace {
  /** The most names of a file. */
  static final int LINKS_MAX = 65_000;

  static final int LINK_TARGET_BYTES_MAX = 4095;

  /** What a name adds to its directory's size besides its own bytes. */
  private static final int ENTRY_BYTES = 32;

  /** About what a new name with a new inode takes of the disk. */
  private static final int NEW_NAME_BYTES = 1024;

  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private final Inodes inodes;
  private final Lifetimes lifetimes;
  private final Xattrs xattrs;
  private final Clock clock;

  Namespace(Inodes inodes, Lifetimes lifetimes, Xattrs xattrs, Clock clock) {
    this.inodes = inodes;
    this.lifetimes = lifetimes;
    this.xattrs = xattrs;
    this.clock = clock;
  }

  Attributes lookup(long parent, byte[] name) throws IOException {
    if (Names.isDot(name) || Names.isDotDot(name)) {
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
    touch(parentNumber, name);
    Instant now = clock.instant();
    return inodes.edit(
        editor -> {
          Inode parent = directory(editor, parentNumber);
          if (Tree.child(editor, parentNumber, name) != 0) {
            throw new ErrnoException(Errno.EEXIST);
          }
          Inode child = prepare(parent, mode, device, uid, gid, now);
          if (linkTarget != null) {
            child.sizeBytes = linkTarget.length;
          }
          Xattrs.Inherited inherited = xattrs.inheritedBy(editor, parent, child);
          inodes.requireSpace(
              child.chargeWith(0, 0, inherited.bytes()) + growth(parent, entryBytes(name)));
          inodes.add(child);
          xattrs.inherit(editor, child, inherited);
          if (linkTarget != null) {
            FileExtents.put(editor, child.number, 0, ExtentRef.inline(linkTarget));
          }
          putEntry(editor, parent, name, child, now);
          return child.attributes();
        });
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
    child.generation = now.getEpochSecond() * NANOS_PER_SECOND + now.getNano();
    return child;
  }

  Attributes link(long number, long parentNumber, byte[] name) throws IOException {
    Names.require(name);
    inodes.requireDiskSpace(NEW_NAME_BYTES);
    touch(parentNumber, name);
    Instant now = clock.instant();
    return inodes.edit(
        editor -> {
          Inode inode = inodes.load(editor, number);
          if (inode.isDirectory()) {
            throw new ErrnoException(Errno.EPERM);
          }
          Inode parent = directory(editor, parentNumber);
          if (inode.linkCount == 0) {
            throw new ErrnoException(Errno.ENOENT);
          }
          if (Tree.child(editor, parentNumber, name) != 0) {
            throw new ErrnoException(Errno.EEXIST);
          }
          if (inode.linkCount >= LINKS_MAX) {
            throw new ErrnoException(Errno.EMLINK);
          }
          inodes.requireSpace(growth(parent, entryBytes(name)));
          inode.linkCount++;
          inode.setChangeTime(now);
          inodes.changed(inode);
          putEntry(editor, parent, name, inode, now);
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
    touch(parentNumber, name);
    Instant now = clock.instant();
    long removed =
        inodes.edit(
            editor -> {
              Inode parent = inodes.load(editor, parentNumber).requireDirectory();
              Inode child = inodes.load(editor, child(editor, parent, name));
              if (child.isDirectory() != directory) {
                throw new ErrnoException(directory ? Errno.ENOTDIR : Errno.EISDIR);
              }
              if (directory && Tree.hasEntries(editor, child.number)) {
                throw new ErrnoException(Errno.ENOTEMPTY);
              }
              removeEntry(editor, parent, name, child, now);
              lifetimes.unlinked(editor, child, now);
              return child.number;
            });
    lifetimes.removeIfUnused(removed);
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
    touch(parentNumber, name);
    touch(newParentNumber, newName);
    Instant now = clock.instant();
    long replaced =
        inodes.edit(
            editor -> {
              Inode parent = inodes.load(editor, parentNumber).requireDirectory();
              Inode newParent = directory(editor, newParentNumber);
              Inode source = inodes.load(editor, child(editor, parent, name));
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
                long reused = parent == newParent ? entryBytes(name) : 0;
                inodes.requireSpace(growth(newParent, entryBytes(newName) - reused));
              }
              removeEntry(editor, parent, name, source, now);
              if (target != null) {
                removeEntry(editor, newParent, newName, target, now);
                lifetimes.unlinked(editor, target, now);
              }
              putEntry(editor, newParent, newName, source, now);
              moved(source, newParent, now);
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
    removeEntry(editor, parent, name, source, now);
    removeEntry(editor, newParent, newName, target, now);
    putEntry(editor, newParent, newName, source, now);
    putEntry(editor, parent, name, target, now);
    moved(source, newParent, now);
    moved(target, parent, now);
  }

  private void moved(Inode inode, Inode newParent, Instant now) {
    inode.parent = newParent.number;
    inode.setChangeTime(now);
    inodes.changed(inode);
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

  /** A directory that can take a new name: ENOENT if it has been removed itself. */
  private Inode directory(MapEditor editor, long number) throws IOException {
    Inode directory = inodes.load(editor, number).requireDirectory();
    if (directory.linkCount == 0) {
      throw new ErrnoException(Errno.ENOENT);
    }
    return directory;
  }

  private static long child(MapEditor editor, Inode parent, byte[] name) throws IOException {
    long number = Tree.child(editor, parent.number, name);
    if (number == 0) {
      throw new ErrnoException(Errno.ENOENT);
    }
    return number;
  }

  private void putEntry(MapEditor editor, Inode parent, byte[] name, Inode child, Instant now)
      throws IOException {
    editor.put(Keys.entry(parent.number, name), Tree.entryValue(child.number, child.type()));
    entriesChanged(parent, entryBytes(name), child.isDirectory() ? 1 : 0, now);
  }

  private void removeEntry(MapEditor editor, Inode parent, byte[] name, Inode child, Instant now)
      throws IOException {
    editor.delete(Keys.entry(parent.number, name));
    entriesChanged(parent, -entryBytes(name), child.isDirectory() ? -1 : 0, now);
  }

  private void entriesChanged(Inode parent, long bytes, int directories, Instant now) {
    parent.sizeBytes += bytes;
    parent.linkCount += directories;
    parent.setContentTimes(now);
    inodes.changed(parent);
  }

  private static long growth(Inode directory, long moreBytes) {
    return directory.chargeWith(0, moreBytes, 0) - directory.chargedBytes;
  }

  private static long entryBytes(byte[] name) {
    return ENTRY_BYTES + name.length;
  }

  /** Loads what a change will need, so that the exclusive lock need not be held meanwhile. */
  private void touch(long parent, byte[] name) throws IOException {
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
