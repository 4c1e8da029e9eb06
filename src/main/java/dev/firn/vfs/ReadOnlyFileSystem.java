package dev.firn.vfs;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A file system that never changes: every change answers EROFS. */
public abstract class ReadOnlyFileSystem implements FileSystem {
  /** Nothing to do: inodes do not go. */
  @Override
  public final void remember(long inode) {}

  @Override
  public final void forget(long inode, long count) {}

  /** Nothing to do: what was promised durable is, and nothing changes. */
  @Override
  public final void sync(long inode) {}

  @Override
  public final void syncAll() {}

  @Override
  public final Attributes setAttributes(long inode, SetAttributes changes) throws IOException {
    throw readOnly();
  }

  @Override
  public final boolean dropPrivileges(long inode) throws IOException {
    throw readOnly();
  }

  @Override
  public final Attributes makeTemporary(long parent, int mode, int uid, int gid)
      throws IOException {
    throw readOnly();
  }

  @Override
  public final Attributes makeNode(long parent, byte[] name, int mode, int device, int uid, int gid)
      throws IOException {
    throw readOnly();
  }

  @Override
  public final Attributes makeDirectory(long parent, byte[] name, int mode, int uid, int gid)
      throws IOException {
    throw readOnly();
  }

  @Override
  public final Attributes makeSymbolicLink(
      long parent, byte[] name, byte[] target, int uid, int gid) throws IOException {
    throw readOnly();
  }

  @Override
  public final Attributes link(long inode, long newParent, byte[] newName) throws IOException {
    throw readOnly();
  }

  @Override
  public final void unlink(long parent, byte[] name) throws IOException {
    throw readOnly();
  }

  @Override
  public final void removeDirectory(long parent, byte[] name) throws IOException {
    throw readOnly();
  }

  @Override
  public final void rename(long parent, byte[] name, long newParent, byte[] newName, int flags)
      throws IOException {
    throw readOnly();
  }

  @Override
  public final void write(long inode, long offset, ByteBuffer source) throws IOException {
    throw readOnly();
  }

  @Override
  public final void allocate(long inode, int mode, long offset, long length) throws IOException {
    throw readOnly();
  }

  @Override
  public final long copyRange(
      long source, long sourceOffset, long target, long targetOffset, long length)
      throws IOException {
    throw readOnly();
  }

  @Override
  public final void setXattr(long inode, byte[] name, byte[] value, int flags) throws IOException {
    throw readOnly();
  }

  @Override
  public final void removeXattr(long inode, byte[] name) throws IOException {
    throw readOnly();
  }

  protected static ErrnoException readOnly() {
    return new ErrnoException(Errno.EROFS);
  }
}
