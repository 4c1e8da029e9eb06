package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

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
  private static final int BYTES = 80;
  private static final long EXTERNAL_DATA_FILE = 4;

  private Qcow2Header() {}

  /**
   * The size of the disk in an image, which lies in this file alone.
   *
   * @throws FirnException of kind CORRUPT if it is no such image, or one that wants other files
   */
  static long diskBytes(Path file, String source) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(BYTES);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      while (head.hasRemaining() && channel.read(head, head.position()) > 0) {
        continue;
      }
    }
    if (head.position() < BYTES || !ImageFormat.isQcow2(head.array())) {
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
