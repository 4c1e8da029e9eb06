package dev.firn.vfs;

import dev.firn.base.Bytes;
import java.util.Arrays;

/**
 * Builds and reads the keys of a volume's block map.
 *
 * <pre>
 *  0 u64 inode, big-endian
 *  8 u8  kind
 *  9     suffix: nothing, a name, a name + 0x00 + chunk u16 (XATTR), a file offset u64 (EXTENT),
 *        an inode u64 (ORPHAN); numbers big-endian
 * </pre>
 *
 * <p>Inode 0 stands for the volume itself: it has the META and the ORPHAN keys.
 */
public final class Keys {
  /** Counters of the volume: inode 0 only. */
  public static final int META = 0;

  /** An inode's attributes. */
  public static final int INODE = 1;

  /** A chunk of an extended attribute's value. */
  public static final int XATTR = 2;

  /** A name in a directory. */
  public static final int DIRENT = 3;

  /** A run of file bytes, or a symbolic link's target. */
  public static final int EXTENT = 4;

  /** An inode without a name that somebody still used: inode 0 only. */
  public static final int ORPHAN = 5;

  private static final int KIND_INDEX = 8;
  private static final int SUFFIX_INDEX = 9;
  private static final int CHUNK_BYTES = 3;

  private Keys() {}

  /** The inode a key belongs to. */
  public static long inodeOf(byte[] key) {
    return Bytes.getLongSorted(key, 0);
  }

  /** {@link #META} to {@link #ORPHAN}. */
  public static int kindOf(byte[] key) {
    return key[KIND_INDEX];
  }

  /** The name in a DIRENT key. */
  public static byte[] entryNameOf(byte[] key) {
    return Arrays.copyOfRange(key, SUFFIX_INDEX, key.length);
  }

  /** The name in an XATTR key. */
  public static byte[] xattrNameOf(byte[] key) {
    return Arrays.copyOfRange(key, SUFFIX_INDEX, key.length - CHUNK_BYTES);
  }

  /** The chunk's index in an XATTR key. */
  public static int xattrChunkOf(byte[] key) {
    return (key[key.length - 2] & 0xff) << 8 | (key[key.length - 1] & 0xff);
  }

  /** The file offset in an EXTENT key, or the inode in an ORPHAN key. */
  public static long numberOf(byte[] key) {
    return Bytes.getLongSorted(key, SUFFIX_INDEX);
  }

  /** Whether a key is of this inode and kind. */
  public static boolean is(byte[] key, long inode, int kind) {
    return key[KIND_INDEX] == kind && Bytes.getLongSorted(key, 0) == inode;
  }

  /** Whether the key among these bytes is of kind {@link #EXTENT}. */
  public static boolean isExtent(byte[] bytes, int keyStart, int keyLength) {
    return keyLength == SUFFIX_INDEX + Long.BYTES && bytes[keyStart + KIND_INDEX] == EXTENT;
  }

  /** Below all keys of this inode and kind, and above all that sort before them. */
  public static byte[] first(long inode, int kind) {
    return prefix(inode, kind, 0);
  }

  public static byte[] meta() {
    return prefix(0, META, 0);
  }

  public static byte[] inode(long inode) {
    return prefix(inode, INODE, 0);
  }

  public static byte[] xattr(long inode, byte[] name, int chunk) {
    byte[] key = prefix(inode, XATTR, name.length + CHUNK_BYTES);
    System.arraycopy(name, 0, key, SUFFIX_INDEX, name.length);
    key[key.length - 2] = (byte) (chunk >> 8);
    key[key.length - 1] = (byte) chunk;
    return key;
  }

  public static byte[] entry(long directory, byte[] name) {
    byte[] key = prefix(directory, DIRENT, name.length);
    System.arraycopy(name, 0, key, SUFFIX_INDEX, name.length);
    return key;
  }

  public static byte[] extent(long inode, long offset) {
    byte[] key = prefix(inode, EXTENT, Long.BYTES);
    Bytes.putLongSorted(key, SUFFIX_INDEX, offset);
    return key;
  }

  public static byte[] orphan(long inode) {
    byte[] key = prefix(0, ORPHAN, Long.BYTES);
    Bytes.putLongSorted(key, SUFFIX_INDEX, inode);
    return key;
  }

  private static byte[] prefix(long inode, int kind, int suffixBytes) {
    byte[] key = new byte[SUFFIX_INDEX + suffixBytes];
    Bytes.putLongSorted(key, 0, inode);
    key[KIND_INDEX] = (byte) kind;
    return key;
  }
}
