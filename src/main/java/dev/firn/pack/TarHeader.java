package dev.firn.pack;

import java.util.Arrays;
import org.apache.commons.compress.archivers.tar.TarUtils;

/** Where things stand in the 512-byte header of a tar archive (ustar, pax and GNU). */
final class TarHeader {
  static final int BLOCK_BYTES = 512;

  static final int NAME = 0;
  static final int NAME_LENGTH = 100;
  static final int MODE = 100;
  static final int UID = 108;
  static final int GID = 116;
  static final int ID_LENGTH = 8;
  static final int SIZE = 124;
  static final int SIZE_LENGTH = 12;
  static final int MODIFY_TIME = 136;
  static final int TIME_LENGTH = 12;
  static final int TYPE = 156;
  static final int LINK_NAME = 157;
  static final int MAGIC = 257;
  static final int OWNER = 265;
  static final int DEVICE_MAJOR = 329;
  static final int DEVICE_MINOR = 337;
  static final int DEVICE_LENGTH = 8;
  static final int PREFIX = 345;
  static final int PREFIX_LENGTH = 155;

  static final int GNU_SPARSE = 386;
  static final int GNU_SPARSE_ENTRIES = 4;
  static final int GNU_SPARSE_EXTENDED = 482;
  static final int GNU_REAL_SIZE = 483;
  static final int GNU_EXTENSION_ENTRIES = 21;
  static final int GNU_EXTENSION_EXTENDED = 504;
  static final int GNU_SPARSE_ENTRY_BYTES = 24;

  private TarHeader() {}

  static boolean isCheckSumRight(byte[] block) {
    try {
      return TarUtils.verifyCheckSum(block);
    } catch (IllegalArgumentException e) {
      // Where the checksum belongs is no number.
      return false;
    }
  }

  /**
   * An octal or base-256 number.
   *
   * @throws IllegalArgumentException if it is neither
   */
  static long number(byte[] block, int offset, int length) {
    return TarUtils.parseOctalOrBinary(block, offset, length);
  }

  /** The bytes up to the first NUL, at most {@code length}. */
  static byte[] text(byte[] block, int offset, int length) {
    int end = offset;
    while (end < offset + length && block[end] != 0) {
      end++;
    }
    return Arrays.copyOfRange(block, offset, end);
  }

  /** How many zeros fill the last block of {@code sizeBytes}. */
  static int padding(long sizeBytes) {
    return (int) (-sizeBytes & (BLOCK_BYTES - 1));
  }
}
