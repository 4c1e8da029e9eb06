package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.FileSystemStatus;
import dev.firn.vfs.PackedParts;
import dev.firn.vfs.SetAttributes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Makes inodes in the target of an import. Works by inode and single name, never by path: whatever
 * an archive says, nothing is reached that the import has not made. Turns the file system's answers
 * into errors that name the entry.
 */
final class TreeBuilder {
  /** What is written at once. */
  static final int WRITE_BYTES_MAX = 1 << 20;

  /** More than one step of an import takes: with so much free, a volume is not full. */
  private static final long FREE_BYTES_MIN = 16 << 20;

  /** As fallocate(2) has it. */
  private static final int PUNCH_HOLE_KEEP_SIZE = 3;

  private static final int DEVICE_MINOR_MAX = (1 << 20) - 1;
  private static final int DEVICE_MAJOR_MAX = (1 << 12) - 1;

  /** Times of an inode: seconds since 1970 and nanoseconds. */
  record Times(long accessSeconds, int accessNanos, long modifySeconds, int modifyNanos) {}

  private interface Step<T> {
    T run() throws IOException;
  }

  private final FileSystem target;
  private final String source;

  /**
   * @param source what is imported, for messages
   */
  TreeBuilder(FileSystem target, String source) {
    this.target = target;
    this.source = source;
  }

  FileSystem target() {
    return target;
  }

  /** Makes anything but a link; answers its inode. */
  long make(
      long parent, byte[] name, int mode, int device, int uid, int gid, byte[] link, Entry entry)
      throws IOException {
    checkName(name, entry);
    Attributes made =
        run(
            entry,
            () ->
                switch (mode & FileMode.TYPE_MASK) {
                  case FileMode.DIRECTORY ->
                      target.makeDirectory(parent, name, mode & FileMode.PERMISSION_MASK, uid, gid);
                  case FileMode.SYMBOLIC_LINK -> {
                    checkTarget(link, entry);
                    yield target.makeSymbolicLink(parent, name, link, uid, gid);
                  }
                  case FileMode.REGULAR,
                      FileMode.FIFO,
                      FileMode.SOCKET,
                      FileMode.CHARACTER_DEVICE,
                      FileMode.BLOCK_DEVICE ->
                      target.makeNode(parent, name, mode, device, uid, gid);
                  default ->
                      throw FirnException.corrupt(
                          "%s: '%s' is of no type that Linux knows", source, entry.shown());
                });
    if (made.gid() != gid) {
      // Its directory's set-group-ID bit did that.
      run(entry, () -> target.setAttributes(made.inode(), SetAttributes.owner(null, gid)));
    }
    return made.inode();
  }

  void link(long inode, long parent, byte[] name, Entry entry) throws IOException {
    checkName(name, entry);
    run(entry, () -> target.link(inode, parent, name));
  }

  void rename(long parent, byte[] name, long newParent, byte[] newName, Entry entry)
      throws IOException {
    checkName(newName, entry);
    run(
        entry,
        () -> {
          target.rename(parent, name, newParent, newName, FileSystem.RENAME_NO_REPLACE);
          return null;
        });
  }

  /** Takes attributes and content away that a changed inode does not have any more. */
  void prepareChange(Attributes old, TreeRecord.Change change, Entry entry) throws IOException {
    run(
        entry,
        () -> {
          if (old.uid() != change.uid() || old.gid() != change.gid()) {
            target.setAttributes(old.inode(), SetAttributes.owner(change.uid(), change.gid()));
          }
          if (old.isRegular() && old.sizeBytes() > change.sizeBytes()) {
            target.setAttributes(old.inode(), SetAttributes.size(change.sizeBytes()));
          }
          for (byte[] name : target.listXattrs(old.inode())) {
            target.removeXattr(old.inode(), name);
          }
          return null;
        });
  }

  void punchHole(long inode, long offset, long length, Entry entry) throws IOException {
    run(
        entry,
        () -> {
          target.allocate(inode, PUNCH_HOLE_KEEP_SIZE, offset, length);
          return null;
        });
  }

  /** Takes an extended attribute away; answers what it was, or null. */
  byte[] takeXattr(long inode, byte[] name, Entry entry) throws IOException {
    for (byte[] each : target.listXattrs(inode)) {
      if (Arrays.equals(each, name)) {
        byte[] value = target.getXattr(inode, name);
        run(
            entry,
            () -> {
              target.removeXattr(inode, name);
              return null;
            });
        return value;
      }
    }
    return null;
  }

  void write(long inode, long offset, byte[] bytes, int from, int length, Entry entry)
      throws IOException {
    for (int done = 0; done < length; ) {
      int count = Math.min(WRITE_BYTES_MAX, length - done);
      ByteBuffer piece = ByteBuffer.wrap(bytes, from + done, count);
      write(inode, offset + done, piece, PackedParts.NONE, entry);
      done += count;
    }
  }

  /** Writes {@link #WRITE_BYTES_MAX} at most. Several threads may do so. */
  void write(long inode, long offset, ByteBuffer bytes, PackedParts packed, Entry entry)
      throws IOException {
    run(
        entry,
        () -> {
          target.write(inode, offset, bytes, packed);
          return null;
        });
  }

  void setXattr(long inode, byte[] name, byte[] value, Entry entry) throws IOException {
    run(
        entry,
        () -> {
          target.setXattr(inode, name, value, 0);
          return null;
        });
  }

  /**
   * Sets what a new inode is to have at last: content and attributes may have changed any of it.
   * Only a directory can have been there with another owner; a file's stays untouched, since a
   * change of owner would take its capabilities.
   *
   * @param sizeBytes null: as it is
   */
  void finish(long inode, int mode, int uid, int gid, Long sizeBytes, Times times, Entry entry)
      throws IOException {
    boolean directory = FileMode.isDirectory(mode);
    SetAttributes changes =
        new SetAttributes(
            FileMode.isSymbolicLink(mode) ? null : mode & FileMode.PERMISSION_MASK,
            directory ? (Integer) uid : null,
            directory ? (Integer) gid : null,
            sizeBytes,
            SetAttributes.TimeChange.at(times.accessSeconds(), times.accessNanos()),
            SetAttributes.TimeChange.at(times.modifySeconds(), times.modifyNanos()));
    run(entry, () -> target.setAttributes(inode, changes));
  }

  /** The attributes behind a name, or null if it is not there. */
  Attributes find(long parent, byte[] name, Entry entry) throws IOException {
    try {
      return target.lookup(parent, name);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT) {
        return null;
      }
      throw failure(entry, e);
    }
  }

  /** Refuses what is no single name; an archive that has one wants to reach something else. */
  void checkName(byte[] name, Entry entry) {
    checkName(name, source, entry);
  }

  static void checkName(byte[] name, String source, Entry entry) {
    if (name.length == 0 || DirectoryEntry.isDots(name)) {
      throw FirnException.corrupt(
          "%s: the name '%s' leads out of the tree; it is damaged or hostile",
          source, entry.shown());
    }
    if (name.length > FileSystem.NAME_BYTES_MAX) {
      throw FirnException.corrupt(
          "%s: a name in '%s' has %d bytes, and %d is the most",
          source, entry.shown(), name.length, FileSystem.NAME_BYTES_MAX);
    }
    for (byte value : name) {
      if (value == 0 || value == '/') {
        throw FirnException.corrupt(
            "%s: the name '%s' has a NUL or a slash in it; it is damaged or hostile",
            source, entry.shown());
      }
    }
  }

  /** As st_rdev; CORRUPT if Linux has no such number. */
  int device(long major, long minor, Entry entry) {
    if (major < 0 || major > DEVICE_MAJOR_MAX || minor < 0 || minor > DEVICE_MINOR_MAX) {
      throw FirnException.corrupt(
          "%s: '%s' has the device number %d:%d, which is none",
          source, entry.shown(), major, minor);
    }
    return (int) ((minor & 0xff) | (major << 8) | ((minor & ~0xffL) << 12));
  }

  private void checkTarget(byte[] link, Entry entry) {
    boolean nul = false;
    for (byte value : link) {
      nul |= value == 0;
    }
    if (nul || link.length == 0 || link.length > PackageLayout.TARGET_BYTES_MAX) {
      throw FirnException.corrupt(
          "%s: the symbolic link '%s' has no valid target", source, entry.shown());
    }
  }

  private <T> T run(Entry entry, Step<T> step) throws IOException {
    try {
      return step.run();
    } catch (ErrnoException e) {
      throw failure(entry, e);
    }
  }

  private FirnException failure(Entry entry, ErrnoException cause) throws IOException {
    return switch (cause.errno()) {
      case ENOSPC -> noSpace(entry);
      case EEXIST ->
          FirnException.corrupt(
              "%s: '%s' is in it twice; it is damaged or hostile", source, entry.shown());
      case ENOTDIR ->
          FirnException.corrupt(
              "%s: '%s' goes through something that is no directory; it is damaged or hostile",
              source, entry.shown());
      case EFBIG, E2BIG, ERANGE, EINVAL, EMLINK, ENAMETOOLONG, EPERM, EACCES, EOPNOTSUPP, ENODATA ->
          FirnException.corrupt(
              "%s: '%s' is not possible in a volume: %s", source, entry.shown(), cause.errno());
      default ->
          FirnException.failed(
              "%s: '%s' could not be made: %s; see the daemon's log",
              source, entry.shown(), cause.getMessage());
    };
  }

  /** The volume is full or, when it is not, the disk that it is on. */
  private FirnException noSpace(Entry entry) throws IOException {
    FileSystemStatus status = target.status();
    if (status.freeBytes() > FREE_BYTES_MIN) {
      return FirnException.noSpace(
          "%s does not fit onto the disk of the home, from '%s' on; free space there",
          source, entry.shown());
    }
    return FirnException.noSpace(
        "%s does not fit into a volume of %s, from '%s' on; give a larger one with --size",
        source, Sizes.format(status.totalBytes()), entry.shown());
  }

  /** What is being made, for messages. */
  @FunctionalInterface
  interface Entry {
    String shown();
  }
}
