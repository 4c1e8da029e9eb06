package dev.firn.vfs;

import dev.firn.base.Bytes;
import dev.firn.map.MapEditor;
import dev.firn.map.MapView;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/** Extended attributes of a live volume, and what POSIX ACLs among them do to modes. */
final class Xattrs {
  static final int VALUE_BYTES_MAX = 64 << 10;

  /** What execve(2) takes capabilities from. */
  static final byte[] CAPABILITY_NAME = Bytes.utf8("security.capability");

  private final Inodes inodes;
  private final Clock clock;

  Xattrs(Inodes inodes, Clock clock) {
    this.inodes = inodes;
    this.clock = clock;
  }

  byte[] get(long number, byte[] name) throws IOException {
    Names.requireXattr(name);
    return inodes
        .map()
        .read(
            view -> {
              byte[] value = Tree.xattr(view, inodes.require(view, number), name);
              if (value == null) {
                throw new ErrnoException(Errno.ENODATA);
              }
              return value;
            });
  }

  List<byte[]> list(long number) throws IOException {
    return inodes.map().read(view -> Tree.xattrNames(view, inodes.require(view, number)));
  }

  void set(long number, byte[] name, byte[] value, int flags) throws IOException {
    Names.requireXattr(name);
    if (value.length > VALUE_BYTES_MAX) {
      throw new ErrnoException(Errno.E2BIG);
    }
    if ((flags & ~(FileSystem.XATTR_CREATE | FileSystem.XATTR_REPLACE)) != 0
        || flags == (FileSystem.XATTR_CREATE | FileSystem.XATTR_REPLACE)) {
      throw new ErrnoException(Errno.EINVAL);
    }
    inodes.requireDiskSpace(value.length);
    Instant now = clock.instant();
    inodes.edit(
        editor -> {
          Inode inode = inodes.load(editor, number);
          byte[] old = Tree.xattr(editor, inode, name);
          if (old != null && flags == FileSystem.XATTR_CREATE) {
            throw new ErrnoException(Errno.EEXIST);
          }
          if (old == null && flags == FileSystem.XATTR_REPLACE) {
            throw new ErrnoException(Errno.ENODATA);
          }
          PosixAcl acl = acl(inode, name, value);
          int mode = inode.mode;
          byte[] stored = value;
          if (acl != null) {
            boolean isAccess = Arrays.equals(name, PosixAcl.ACCESS_NAME);
            if (isAccess && !acl.isEmpty()) {
              mode = acl.applyTo(mode);
            }
            if (acl.isEmpty() || (isAccess && acl.isMode())) {
              stored = null;
            }
          }
          long growth = bytes(name, stored) - bytes(name, old);
          inodes.requireSpace(inode.chargeWith(0, 0, growth) - inode.chargedBytes);
          put(editor, inode, name, old, stored);
          inode.mode = mode;
          inode.setChangeTime(now);
          inodes.changed(inode);
          return null;
        });
  }

  void remove(long number, byte[] name) throws IOException {
    Names.requireXattr(name);
    Instant now = clock.instant();
    inodes.edit(
        editor -> {
          Inode inode = inodes.load(editor, number);
          byte[] old = Tree.xattr(editor, inode, name);
          if (old == null) {
            throw new ErrnoException(Errno.ENODATA);
          }
          put(editor, inode, name, old, null);
          inode.setChangeTime(now);
          inodes.changed(inode);
          return null;
        });
  }

  /** Makes the access list, if there is one, follow a changed mode. */
  void modeChanged(MapEditor editor, Inode inode) throws IOException {
    byte[] old = Tree.xattr(editor, inode, PosixAcl.ACCESS_NAME);
    if (old != null) {
      PosixAcl acl = PosixAcl.parse(old);
      acl.setMode(inode.mode);
      put(editor, inode, PosixAcl.ACCESS_NAME, old, acl.value());
    }
  }

  /** Whether executing the file gives capabilities. */
  static boolean hasCapability(MapView view, Inode inode) throws IOException {
    return !inode.isDirectory() && Tree.xattr(view, inode, CAPABILITY_NAME) != null;
  }

  /** Takes the capabilities from an inode, in a running edit that will announce its change. */
  void removeCapability(MapEditor editor, Inode inode) throws IOException {
    if (hasCapability(editor, inode)) {
      byte[] old = Tree.xattr(editor, inode, CAPABILITY_NAME);
      put(editor, inode, CAPABILITY_NAME, old, null);
    }
  }

  /** What a new inode gets from its directory; null for none. */
  record Inherited(int mode, byte[] accessAcl, byte[] defaultAcl) {
    long bytes() {
      return Xattrs.bytes(PosixAcl.ACCESS_NAME, accessAcl)
          + Xattrs.bytes(PosixAcl.DEFAULT_NAME, defaultAcl);
    }
  }

  /** What a new inode will get; changes nothing. */
  Inherited inheritedBy(MapView view, Inode parent, Inode child) throws IOException {
    byte[] defaultAcl = null;
    if (child.type() != FileMode.SYMBOLIC_LINK) {
      defaultAcl = Tree.xattr(view, parent, PosixAcl.DEFAULT_NAME);
    }
    if (defaultAcl == null) {
      return new Inherited(child.mode, null, null);
    }
    PosixAcl acl = PosixAcl.parse(defaultAcl);
    acl.limitTo(child.mode);
    return new Inherited(
        acl.applyTo(child.mode),
        acl.isMode() ? null : acl.value(),
        child.isDirectory() ? defaultAcl : null);
  }

  void inherit(MapEditor editor, Inode child, Inherited inherited) throws IOException {
    child.mode = inherited.mode();
    if (inherited.bytes() > 0) {
      put(editor, child, PosixAcl.ACCESS_NAME, null, inherited.accessAcl());
      put(editor, child, PosixAcl.DEFAULT_NAME, null, inherited.defaultAcl());
      inodes.changed(child);
    }
  }

  /** The list that a value stands for; null when the name is no list's. */
  private static PosixAcl acl(Inode inode, byte[] name, byte[] value) throws ErrnoException {
    boolean isDefault = Arrays.equals(name, PosixAcl.DEFAULT_NAME);
    if (!isDefault && !Arrays.equals(name, PosixAcl.ACCESS_NAME)) {
      return null;
    }
    if (inode.type() == FileMode.SYMBOLIC_LINK) {
      throw new ErrnoException(Errno.EOPNOTSUPP);
    }
    PosixAcl acl = PosixAcl.parse(value);
    if (isDefault && !inode.isDirectory() && !acl.isEmpty()) {
      throw new ErrnoException(Errno.EACCES);
    }
    return acl;
  }

  private static void put(MapEditor editor, Inode inode, byte[] name, byte[] old, byte[] value)
      throws IOException {
    int chunks = value == null ? 0 : chunks(value.length);
    for (int chunk = 0; chunk < chunks; chunk++) {
      int from = chunk * Tree.XATTR_CHUNK_BYTES;
      int to = Math.min(value.length, from + Tree.XATTR_CHUNK_BYTES);
      editor.put(Keys.xattr(inode.number, name, chunk), Arrays.copyOfRange(value, from, to));
    }
    int oldChunks = old == null ? 0 : chunks(old.length);
    for (int chunk = chunks; chunk < oldChunks; chunk++) {
      editor.delete(Keys.xattr(inode.number, name, chunk));
    }
    inode.xattrBytes += bytes(name, value) - bytes(name, old);
  }

  /** An empty value has a chunk too. */
  private static int chunks(int valueBytes) {
    return Math.max(1, (valueBytes + Tree.XATTR_CHUNK_BYTES - 1) / Tree.XATTR_CHUNK_BYTES);
  }

  private static long bytes(byte[] name, byte[] value) {
    return value == null ? 0 : name.length + value.length;
  }
}
