package dev.firn.vfs;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The seam between file systems and kernel transports: inode numbers, names as bytes, explicit
 * error numbers. Implemented by live volumes, by frozen snapshots, and by the view that joins the
 * two.
 *
 * <p>Every method may throw {@link ErrnoException} (the answer for the caller) or another {@link
 * IOException} (answered as EIO and logged). Permission checks are the kernel's
 * (default_permissions); ownership of new inodes comes from the arguments. All methods are safe for
 * concurrent use.
 *
 * <p>An inode lives while it has a name, an open handle, or a {@link #remember} that was not
 * forgotten.
 */
public interface FileSystem extends Closeable {
  long ROOT_INODE = 1;

  /** rename: fail with EEXIST rather than replace (RENAME_NOREPLACE). */
  int RENAME_NO_REPLACE = 1;

  /** rename: swap the two names atomically (RENAME_EXCHANGE). */
  int RENAME_EXCHANGE = 2;

  /** setxattr: fail with EEXIST if it is there (XATTR_CREATE). */
  int XATTR_CREATE = 1;

  /** setxattr: fail with ENODATA if it is not there (XATTR_REPLACE). */
  int XATTR_REPLACE = 2;

  int NAME_BYTES_MAX = 255;

  Attributes lookup(long parent, byte[] name) throws IOException;

  Attributes getAttributes(long inode) throws IOException;

  /** Growth of a file makes a hole; the largest has 2^63 - 1 bytes. */
  Attributes setAttributes(long inode, SetAttributes changes) throws IOException;

  /**
   * Takes away what lets a file run with its owner's rights, as a write by somebody else does: the
   * set-user-ID bit, the set-group-ID bit of a file that its group may execute, and {@code
   * security.capability}.
   *
   * @return whether there was anything to take away
   */
  boolean dropPrivileges(long inode) throws IOException;

  byte[] readLink(long inode) throws IOException;

  /** A regular file, fifo, socket or device node; {@code mode} has type and permission bits. */
  Attributes makeNode(long parent, byte[] name, int mode, int device, int uid, int gid)
      throws IOException;

  /**
   * A regular file without a name, as open(2) makes it with O_TMPFILE: {@link #link} may give it
   * one, once. Unlike other making this counts as one {@link #remember}: else nothing would hold
   * the file. {@code mode} has permission bits.
   */
  Attributes makeTemporary(long parent, int mode, int uid, int gid) throws IOException;

  Attributes makeDirectory(long parent, byte[] name, int mode, int uid, int gid) throws IOException;

  Attributes makeSymbolicLink(long parent, byte[] name, byte[] target, int uid, int gid)
      throws IOException;

  Attributes link(long inode, long newParent, byte[] newName) throws IOException;

  void unlink(long parent, byte[] name) throws IOException;

  void removeDirectory(long parent, byte[] name) throws IOException;

  void rename(long parent, byte[] name, long newParent, byte[] newName, int flags)
      throws IOException;

  /** Opens a regular file. The handle keeps the inode alive until {@link #release}. */
  long open(long inode, boolean forWriting) throws IOException;

  void release(long handle) throws IOException;

  /** Reads at most {@code target.remaining()} bytes; less only at the end of the file. */
  int read(long inode, long offset, ByteBuffer target) throws IOException;

  /**
   * Writes all of {@code source}, or throws and writes nothing: EFBIG where it would end behind the
   * largest file.
   */
  void write(long inode, long offset, ByteBuffer source) throws IOException;

  /**
   * As the other, of bytes parts of which are packed already: a file system that packs what it
   * stores may take those as they are. The caller has made sure that they unpack to the bytes.
   */
  default void write(long inode, long offset, ByteBuffer source, PackedParts packed)
      throws IOException {
    write(inode, offset, source);
  }

  /**
   * {@code mode} bits as fallocate(2): KEEP_SIZE 1, PUNCH_HOLE 2, ZERO_RANGE 16; others answer
   * EOPNOTSUPP.
   */
  void allocate(long inode, int mode, long offset, long length) throws IOException;

  /** The next data ({@code hole} false) or hole at or after {@code offset}; ENXIO as lseek(2). */
  long seek(long inode, long offset, boolean hole) throws IOException;

  /**
   * Shares extents; both inodes in this file system. Answers the bytes copied, which may be less
   * than asked for; 0 at the end of the source. EINVAL for overlapping ranges of one file.
   */
  long copyRange(long source, long sourceOffset, long target, long targetOffset, long length)
      throws IOException;

  /** Everything done on the inode before the call survives a crash after it. */
  void sync(long inode) throws IOException;

  /** Everything done on this file system before the call survives a crash after it. */
  void syncAll() throws IOException;

  /** Opens a listing of this moment. */
  long openDirectory(long inode) throws IOException;

  /**
   * The entries behind {@code cookie} (0: from the start, with "." and ".." first), at most {@code
   * limit}; empty at the end. Stable under concurrent change: a name neither repeats nor is missed,
   * except that one may be missed that goes meanwhile. From the start (cookie 0) it is of the
   * moment of that call, as rewinddir(3) wants it.
   */
  List<DirectoryEntry> readDirectory(long handle, long cookie, int limit) throws IOException;

  void releaseDirectory(long handle) throws IOException;

  /** ENODATA if there is none. */
  byte[] getXattr(long inode, byte[] name) throws IOException;

  void setXattr(long inode, byte[] name, byte[] value, int flags) throws IOException;

  List<byte[]> listXattrs(long inode) throws IOException;

  void removeXattr(long inode, byte[] name) throws IOException;

  FileSystemStatus status() throws IOException;

  /** The kernel holds one more reference to the inode. */
  void remember(long inode);

  /**
   * Whether entries and attributes of this directory change without the kernel's doing, so that it
   * must not believe them for long. Making and removing names there can take a while.
   */
  default boolean changesUnseen(long directory) {
    return false;
  }

  /**
   * Whether files keep the sizes they have: a kernel must then not take writes that would make one
   * longer, only to learn later that there is no room for them.
   */
  default boolean hasFixedSizes() {
    return false;
  }

  /** From now on this kernel holds parts of the file system; null: none does any more. */
  default void cachedBy(KernelCache cache) {}

  /** The kernel let go of {@code count} references. */
  void forget(long inode, long count) throws IOException;
}
