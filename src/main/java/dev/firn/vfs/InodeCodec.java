package dev.firn.vfs;

import dev.firn.base.Bytes;
import java.io.IOException;

/**
 * The value of an INODE key, little-endian.
 *
 * <pre>
 *  0 u8  version: 1          56 u64 link count
 *  1     3 bytes 0           64 u64 size in bytes
 *  4 u32 mode                72 u64 bytes in extents
 *  8 u32 uid                 80 u64 bytes of names and values of xattrs
 * 12 u32 gid                 88 u64 parent
 * 16 u32 device              96 u64 generation
 * 20 u32 access nanos
 * 24 u32 modify nanos
 * 28 u32 change nanos
 * 32 i64 access seconds
 * 40 i64 modify seconds
 * 48 i64 change seconds
 * </pre>
 */
public final class InodeCodec {
  private static final byte VERSION = 1;
  private static final int VALUE_BYTES = 104;

  private InodeCodec() {}

  /**
   * The attributes in an INODE key's value.
   *
   * @throws IOException if the value is of no known form
   */
  public static Attributes attributes(long inode, byte[] value) throws IOException {
    return decode(inode, value).attributes();
  }

  /**
   * The directory that an inode is in, from an INODE key's value; for a file with several names one
   * that it is or was in.
   */
  public static long parent(byte[] value) throws IOException {
    return decode(0, value).parent;
  }

  static byte[] encode(Inode inode) {
    byte[] value = new byte[VALUE_BYTES];
    value[0] = VERSION;
    Bytes.putInt(value, 4, inode.mode);
    Bytes.putInt(value, 8, inode.uid);
    Bytes.putInt(value, 12, inode.gid);
    Bytes.putInt(value, 16, inode.device);
    Bytes.putInt(value, 20, inode.accessNanos);
    Bytes.putInt(value, 24, inode.modifyNanos);
    Bytes.putInt(value, 28, inode.changeNanos);
    Bytes.putLong(value, 32, inode.accessSeconds);
    Bytes.putLong(value, 40, inode.modifySeconds);
    Bytes.putLong(value, 48, inode.changeSeconds);
    Bytes.putLong(value, 56, inode.linkCount);
    Bytes.putLong(value, 64, inode.sizeBytes);
    Bytes.putLong(value, 72, inode.allocatedBytes);
    Bytes.putLong(value, 80, inode.xattrBytes);
    Bytes.putLong(value, 88, inode.parent);
    Bytes.putLong(value, 96, inode.generation);
    return value;
  }

  static Inode decode(long number, byte[] value) throws IOException {
    if (value.length != VALUE_BYTES || value[0] != VERSION) {
      throw new IOException("inode " + number + " has a value of unknown form");
    }
    Inode inode = new Inode(number);
    inode.mode = Bytes.getInt(value, 4);
    inode.uid = Bytes.getInt(value, 8);
    inode.gid = Bytes.getInt(value, 12);
    inode.device = Bytes.getInt(value, 16);
    inode.accessNanos = Bytes.getInt(value, 20);
    inode.modifyNanos = Bytes.getInt(value, 24);
    inode.changeNanos = Bytes.getInt(value, 28);
    inode.accessSeconds = Bytes.getLong(value, 32);
    inode.modifySeconds = Bytes.getLong(value, 40);
    inode.changeSeconds = Bytes.getLong(value, 48);
    inode.linkCount = Bytes.getLong(value, 56);
    inode.sizeBytes = Bytes.getLong(value, 64);
    inode.allocatedBytes = Bytes.getLong(value, 72);
    inode.xattrBytes = Bytes.getLong(value, 80);
    inode.parent = Bytes.getLong(value, 88);
    inode.generation = Bytes.getLong(value, 96);
    inode.chargedBytes = inode.charge();
    return inode;
  }
}
