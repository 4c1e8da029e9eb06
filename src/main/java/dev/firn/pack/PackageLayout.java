package dev.firn.pack;

/** The numbers of the firn package, as native-notes/package.md describes them. */
final class PackageLayout {
  static final String FORMAT = "firn-package";

  /** Of a full package that is not signed, as Firn once wrote them. */
  static final int FORMAT_VERSION_FULL = 1;

  /** As that, with a base, or with a signature. */
  static final int FORMAT_VERSION_CHANGE = 2;

  /** Written in one go, the contents last, each member one frame. */
  static final int FORMAT_VERSION_STREAMED = 3;

  /** As that, with members of several frames. The highest that is known. */
  static final int FORMAT_VERSION = 4;

  /** The last member: where the contents begin, in so many digits, and a line feed. */
  static final String CONTENTS_OFFSET = "contents.at";

  static final int CONTENTS_OFFSET_DIGITS = 20;

  static final String TREE_PREFIX = "tree/";

  /** Of Ed25519. */
  static final int SIGNATURE_BYTES = 64;

  /** Raw bytes of a tree member, at most. */
  static final int TREE_MEMBER_BYTES = 4 << 20;

  /** Raw bytes of a data member, at most. */
  static final int DATA_MEMBER_BYTES = 8 << 20;

  /** What a reader accepts as a member's raw size. */
  static final int MEMBER_RAW_BYTES_MAX = 16 << 20;

  /** What a reader accepts as frames of one member: four times what writers make. */
  static final int MEMBER_FRAMES_MAX = 4096;

  /**
   * Contents have frames of their own, which end at multiples of so many bytes in the file, as the
   * records of a store do: who imports them need not pack them again.
   */
  static final int FRAME_BYTES = 128 << 10;

  /** Shorter contents, and ends of contents, share frames with what is beside them. */
  static final int OWN_FRAME_BYTES_MIN = 16 << 10;

  /** So many frames a data member has at most: its own ones, and one before, between and behind. */
  static final int DATA_FRAMES_MAX = 2 * (DATA_MEMBER_BYTES / OWN_FRAME_BYTES_MIN) + 1;

  /** What a reader accepts as a manifest or as contents: enough for the largest volume. */
  static final int DOCUMENT_BYTES_MAX = 512 << 20;

  /** A tree may be this much larger than the volume's size: small volumes have names, too. */
  static final long TREE_SLACK_BYTES = 64L << 20;

  /** The unit in which zeros become holes; at multiples of it in the file. */
  static final int HOLE_BYTES = 4096;

  /** Measured on programs and on texts: half again as fast as 3, packages 7 to 10 % larger. */
  static final int ZSTD_LEVEL = 1;

  static final int RECORD_HEADER_BYTES = 5;
  static final int RECORD_INODE = 1;
  static final int RECORD_LINK = 2;
  static final int RECORD_XATTR = 3;
  static final int RECORD_EXTENT = 4;
  static final int RECORD_END = 5;
  static final int RECORD_BASE = 6;
  static final int RECORD_CHANGE = 7;
  static final int RECORD_HOLE = 8;

  /** The longest target of a symbolic link (PATH_MAX less its NUL). */
  static final int TARGET_BYTES_MAX = 4095;

  private PackageLayout() {}

  /** What the members of a package's tree may have together. */
  static long treeBytesMax(Manifest manifest) {
    return manifest.volume().sizeBytes() + TREE_SLACK_BYTES;
  }

  static String treeMember(int index) {
    return String.format(TREE_PREFIX + "%05d.zst", index);
  }

  static String dataMember(int index) {
    return String.format("data/%05d.zst", index);
  }

  /** What zstd makes of {@code rawBytes} that it cannot compress, and a little. */
  static long memberBytesMax(long rawBytes) {
    return rawBytes + (rawBytes >> 8) + 1024;
  }
}
