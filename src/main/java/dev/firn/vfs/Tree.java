package dev.firn.vfs;

import dev.firn.base.Bytes;
import dev.firn.map.ExtentRef;
import dev.firn.map.MapCursor;
import dev.firn.map.MapEntry;
import dev.firn.map.MapView;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Reads a file-system tree from any root of a block map; shared by live and frozen volumes. */
public final class Tree {
  /** A longer value of an extended attribute is kept in several keys. */
  static final int XATTR_CHUNK_BYTES = 4096;

  private static final int ENTRY_TYPE_SHIFT = 12;

  private Tree() {}

  /** The inode as the map has it, or null. */
  static Inode inode(MapView view, long number) throws IOException {
    MapEntry entry = view.get(Keys.inode(number));
    return entry == null ? null : InodeCodec.decode(number, entry.value());
  }

  /** The inode as the map has it; ENOENT if it has none. */
  static Inode require(MapView view, long number) throws IOException {
    Inode inode = inode(view, number);
    if (inode == null) {
      throw new ErrnoException(Errno.ENOENT);
    }
    return inode;
  }

  /** The inode that a name leads to, or 0. */
  static long child(MapView view, long directory, byte[] name) throws IOException {
    MapEntry entry = view.get(Keys.entry(directory, name));
    return entry == null ? 0 : entryInode(entry.value());
  }

  /** The value of a DIRENT key: inode u64, little-endian, and the type's four bits in a u8. */
  static byte[] entryValue(long inode, int type) {
    byte[] value = new byte[Long.BYTES + 1];
    Bytes.putLong(value, 0, inode);
    value[Long.BYTES] = (byte) (type >> ENTRY_TYPE_SHIFT);
    return value;
  }

  /** The inode in a DIRENT value. */
  public static long entryInode(byte[] value) {
    return Bytes.getLong(value, 0);
  }

  /** The type bits of st_mode in a DIRENT value. */
  public static int entryType(byte[] value) {
    return value[Long.BYTES] << ENTRY_TYPE_SHIFT;
  }

  static boolean hasEntries(MapView view, long directory) throws IOException {
    MapCursor cursor = view.cursor(Keys.first(directory, Keys.DIRENT));
    return cursor.next() && Keys.is(cursor.key(), directory, Keys.DIRENT);
  }

  /** Where a symbolic link's target is; EINVAL if it is none. */
  static ExtentRef linkTarget(MapView view, Inode inode) throws IOException {
    if (inode.type() != FileMode.SYMBOLIC_LINK) {
      throw new ErrnoException(Errno.EINVAL);
    }
    MapEntry entry = view.get(Keys.extent(inode.number, 0));
    if (entry == null) {
      throw new IOException("symbolic link " + inode.number + " has no target");
    }
    return ExtentRef.decode(entry);
  }

  /** The value of an extended attribute, or null. Most inodes have none, and cost no search. */
  static byte[] xattr(MapView view, Inode inode, byte[] name) throws IOException {
    if (inode.xattrBytes == 0) {
      return null;
    }
    MapEntry entry = view.get(Keys.xattr(inode.number, name, 0));
    if (entry == null) {
      return null;
    }
    if (entry.value().length < XATTR_CHUNK_BYTES) {
      return entry.value().clone();
    }
    ByteArrayOutputStream value = new ByteArrayOutputStream(2 * XATTR_CHUNK_BYTES);
    for (int chunk = 1; entry != null; chunk++) {
      value.writeBytes(entry.value());
      entry = view.get(Keys.xattr(inode.number, name, chunk));
    }
    return value.toByteArray();
  }

  static List<byte[]> xattrNames(MapView view, Inode inode) throws IOException {
    if (inode.xattrBytes == 0) {
      return List.of();
    }
    List<byte[]> names = new ArrayList<>();
    MapCursor cursor = view.cursor(Keys.first(inode.number, Keys.XATTR));
    while (cursor.next() && Keys.is(cursor.key(), inode.number, Keys.XATTR)) {
      if (Keys.xattrChunkOf(cursor.key()) == 0) {
        names.add(Keys.xattrNameOf(cursor.key()));
      }
    }
    return names;
  }
}
