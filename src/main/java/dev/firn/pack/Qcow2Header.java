package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import java.nio.ByteBuffer;

/**
 * What must be known of a qcow2 file before any program opens it: a hostile one could name other
 * files of this machine as its backing or data file, and have them read for it. Everything else
 * about the format is qemu-img's.
 *
 * <pre>
 *  0 u32 magic   8 u64 offset of the backing file's name   32 u32 encryption
 *  4 u32 version 24 u64 bytes of the disk                  72 u64 features that must be known (version 3)
 * </pre>
 */
final class Qcow2Header {
  /** How many bytes {@link #diskBytes} wants to see. */
  static final int BYTES = 80;

  /**
   * For 512 bytes of a disk, in an image with the smallest clusters, the tables have 8 that say
   * where they are and 8 that count who refers to them; this is room for twice as much.
   */
  private static final int TABLES_PART = 16;

  /** Headers, lists of features, bitmaps and clusters of 2 MiB that are begun and not full. */
  private static final long TABLES_BYTES_MIN = 64 * Sizes.MIB;

  private static final long EXTERNAL_DATA_FILE = 4;

  private Qcow2Header() {}

  /**
   * How many bytes an image of such a disk has at most. One that keeps snapshots of its own may
   * have more, and is not taken.
   */
  static long imageBytesMax(long diskBytes) {
    return diskBytes + diskBytes / TABLES_PART + TABLES_BYTES_MIN;
  }

  /**
   * The size of the disk in an image, which lies in this file alone.
   *
   * @param start the first {@link #BYTES} of the image, or all of a shorter one
   * @throws FirnException of kind CORRUPT if it is no such image, or one that wants other files
   */
  static long diskBytes(byte[] start, String source) {
    ByteBuffer head = ByteBuffer.wrap(start);
    if (start.length < BYTES || !ImageFormat.isQcow2(start)) {
      throw FirnException.corrupt("%s is not a qcow2 image; give the format it has", source);
    }
    int version = head.getInt(4);
    if (version != 2 && version != 3) {
      throw FirnException.corrupt(
          "%s is a qcow2 image of version %d; convert it with qemu-img first", source, version);
    }
    if (head.getLong(8) != 0) {
      throw FirnException.corrupt(
          "%s is an overlay: it needs another file, which an import does not open; make it whole"
              + " with 'qemu-img convert -O qcow2' first",
          source);
    }
    if (version == 3 && (head.getLong(72) & EXTERNAL_DATA_FILE) != 0) {
      throw FirnException.corrupt(
          "%s has its data in another file, which an import does not open; make it whole with"
              + " 'qemu-img convert -O qcow2' first",
          source);
    }
    if (head.getInt(32) != 0) {
      throw FirnException.corrupt(
          "%s is encrypted; decrypt it with 'qemu-img convert' first", source);
    }
    long diskBytes = head.getLong(24);
    if (diskBytes < 0 || diskBytes > Sizes.VOLUME_BYTES_MAX) {
      throw FirnException.corrupt(
          "%s declares a disk of %s bytes, and the largest possible is %d; it is damaged or hostile",
          source, Long.toUnsignedString(diskBytes), Sizes.VOLUME_BYTES_MAX);
    }
    return diskBytes;
  }
}
