package dev.firn.pack;

import dev.firn.base.FirnException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The portable forms of a snapshot. */
public enum PackageFormat {
  /** Firn's own package: everything a snapshot is, with digests. See native-notes/package.md. */
  FIRN("firn"),
  /** The files as a POSIX (pax) tar archive. */
  TAR("tar"),
  /** The same, compressed by gzip. */
  TAR_GZ("tar.gz", "tgz"),
  /** The same, compressed by zstd. */
  TAR_ZST("tar.zst", "tzst"),
  /** The files as a zip file, which holds less of them than tar does. */
  ZIP("zip");

  /** How many bytes {@link #detect} wants to see. */
  static final int DETECT_BYTES = 1024;

  private static final int USTAR_MAGIC_OFFSET = 257;

  private final String[] suffixes;

  PackageFormat(String... suffixes) {
    this.suffixes = suffixes;
  }

  /** The name that users give, and that file names end with: {@code tar.zst}. */
  public String text() {
    return suffixes[0];
  }

  /**
   * The format called {@code text}.
   *
   * @throws FirnException of kind USAGE if there is none
   */
  public static PackageFormat named(String text) {
    for (PackageFormat format : values()) {
      if (Arrays.asList(format.suffixes).contains(text.toLowerCase(Locale.ROOT))) {
        return format;
      }
    }
    throw FirnException.usage("format '%s' is not one of %s", text, all());
  }

  /** The format that a file's name tells by its end, like {@code backup.tar.zst}. */
  public static Optional<PackageFormat> ofFileName(String fileName) {
    String name = fileName.toLowerCase(Locale.ROOT);
    for (PackageFormat format : values()) {
      for (String suffix : format.suffixes) {
        if (name.endsWith("." + suffix)) {
          return Optional.of(format);
        }
      }
    }
    return Optional.empty();
  }

  /** All names, for messages; with those of images. */
  public static String all() {
    return Arrays.stream(values()).map(PackageFormat::text).collect(Collectors.joining(", "))
        + ", "
        + ImageFormat.all();
  }

  /**
   * The format of a file that begins with {@code head}, or null if it is none of them. What is
   * compressed is taken for a tar archive; whether it is one shows when it is read.
   *
   * @param length how many bytes there are: {@link #DETECT_BYTES}, fewer only in a shorter file
   */
  static PackageFormat detect(byte[] head, int length) {
    if (length >= 2 && head[0] == 0x1f && head[1] == (byte) 0x8b) {
      return TAR_GZ;
    }
    if (length >= 4
        && head[0] == 0x28
        && head[1] == (byte) 0xb5
        && head[2] == 0x2f
        && head[3] == (byte) 0xfd) {
      return TAR_ZST;
    }
    if (length >= 4
        && head[0] == 'P'
        && head[1] == 'K'
        && (head[2] == 3 && head[3] == 4 || head[2] == 5 && head[3] == 6)) {
      return ZIP;
    }
    if (PackageTar.looksLikePackage(head, length)) {
      return FIRN;
    }
    return looksLikeTar(head, length) ? TAR : null;
  }

  /** Whether a file that begins like this is a package of Firn's own. */
  public static boolean isPackage(byte[] head, int length) {
    return PackageTar.looksLikePackage(head, length);
  }

  /** A header whose checksum is wrong still counts if it has the magic: the reader will say so. */
  private static boolean looksLikeTar(byte[] head, int length) {
    byte[] magic = {'u', 's', 't', 'a', 'r'};
    if (length >= USTAR_MAGIC_OFFSET + magic.length
        && Arrays.equals(
            head, USTAR_MAGIC_OFFSET, USTAR_MAGIC_OFFSET + magic.length, magic, 0, magic.length)) {
      return true;
    }
    return length >= TarHeader.BLOCK_BYTES
        && head[0] != 0
        && TarHeader.isCheckSumRight(Arrays.copyOf(head, TarHeader.BLOCK_BYTES));
  }
}
