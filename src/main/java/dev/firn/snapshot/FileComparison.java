package dev.firn.snapshot;

import dev.firn.map.FrozenMap;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FrozenFileSystem;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/** Compares single files of two trees by what users see of them. */
final class FileComparison implements Closeable {
  private static final int CHUNK_BYTES = 128 << 10;

  private final FrozenFileSystem before;
  private final FrozenFileSystem after;

  FileComparison(FrozenMap before, FrozenMap after) throws IOException {
    // A size matters for statfs only.
    this.before = new FrozenFileSystem(before, Long.MAX_VALUE);
    this.after = new FrozenFileSystem(after, Long.MAX_VALUE);
  }

  FrozenFileSystem before() {
    return before;
  }

  FrozenFileSystem after() {
    return after;
  }

  /** Whether mode, owner, modification time, device and, but for directories, size are equal. */
  static boolean sameAttributes(Attributes a, Attributes b) {
    return sameOwnership(a, b)
        && sameModifyTime(a, b)
        && a.device() == b.device()
        && (a.isDirectory() || a.sizeBytes() == b.sizeBytes());
  }

  static boolean sameOwnership(Attributes a, Attributes b) {
    return a.mode() == b.mode() && a.uid() == b.uid() && a.gid() == b.gid();
  }

  static boolean sameModifyTime(Attributes a, Attributes b) {
    return a.modifySeconds() == b.modifySeconds() && a.modifyNanos() == b.modifyNanos();
  }

  /** Whether two inodes that are no directories are equal in all that counts. */
  boolean sameFile(long inodeBefore, long inodeAfter) throws IOException {
    Attributes a = before.getAttributes(inodeBefore);
    Attributes b = after.getAttributes(inodeAfter);
    if (!sameAttributes(a, b) || !sameXattrs(inodeBefore, inodeAfter)) {
      return false;
    }
    if (a.isSymbolicLink()) {
      return Arrays.equals(before.readLink(inodeBefore), after.readLink(inodeAfter));
    }
    return !a.isRegular() || sameContent(inodeBefore, inodeAfter, a.sizeBytes());
  }

  boolean sameType(long inodeBefore, long inodeAfter) throws IOException {
    return ((before.getAttributes(inodeBefore).mode() ^ after.getAttributes(inodeAfter).mode())
            & FileMode.TYPE_MASK)
        == 0;
  }

  /** As {@link #sameFile}, or, for directories, whether owner, mode and xattrs are equal. */
  boolean same(long inodeBefore, long inodeAfter) throws IOException {
    Attributes a = before.getAttributes(inodeBefore);
    Attributes b = after.getAttributes(inodeAfter);
    return a.isDirectory()
        ? sameOwnership(a, b) && sameXattrs(inodeBefore, inodeAfter)
        : sameFile(inodeBefore, inodeAfter);
  }

  boolean sameXattrs(long inodeBefore, long inodeAfter) throws IOException {
    return xattrs(before, inodeBefore).equals(xattrs(after, inodeAfter));
  }

  @Override
  public void close() throws IOException {
    before.close();
    after.close();
  }

  /** Reads only where one of them has data: files of up to 8 EiB may be holes for the most part. */
  private boolean sameContent(long inodeBefore, long inodeAfter, long sizeBytes)
      throws IOException {
    ByteBuffer a = ByteBuffer.allocate(CHUNK_BYTES);
    ByteBuffer b = ByteBuffer.allocate(CHUNK_BYTES);
    long offset = 0;
    while (true) {
      offset =
          Math.min(
              nextData(before, inodeBefore, offset, sizeBytes),
              nextData(after, inodeAfter, offset, sizeBytes));
      if (offset == sizeBytes) {
        return true;
      }
      before.read(inodeBefore, offset, a.clear());
      after.read(inodeAfter, offset, b.clear());
      if (!a.flip().equals(b.flip())) {
        return false;
      }
      offset += a.limit();
    }
  }

  /** Where the next data begins, at or behind an offset; the file's size if there is none. */
  private static long nextData(FrozenFileSystem files, long inode, long offset, long sizeBytes)
      throws IOException {
    try {
      return files.seek(inode, offset, false);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENXIO) {
        return sizeBytes;
      }
      throw e;
    }
  }

  private static TreeMap<ByteBuffer, ByteBuffer> xattrs(FrozenFileSystem files, long inode)
      throws IOException {
    TreeMap<ByteBuffer, ByteBuffer> all = new TreeMap<>();
    List<byte[]> names = files.listXattrs(inode);
    for (byte[] name : names) {
      all.put(ByteBuffer.wrap(name), ByteBuffer.wrap(files.getXattr(inode, name)));
    }
    return all;
  }
}
