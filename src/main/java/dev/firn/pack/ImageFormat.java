package dev.firn.pack;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The forms of a snapshot as an image of a disk. */
public enum ImageFormat {
  /** The disk's bytes, nothing else. */
  RAW("raw", "img"),
  /** The same, compressed by gzip. */
  RAW_GZ("raw.gz", "img.gz"),
  /** QEMU's format, version 3, with only what is no hole. */
  QCOW2("qcow2"),
  /** The same, compressed by gzip. */
  QCOW2_GZ("qcow2.gz");

  /** How many bytes {@link #isQcow2(byte[])} wants to see. */
  public static final int DETECT_BYTES = 4;

  private final String[] suffixes;

  ImageFormat(String... suffixes) {
    this.suffixes = suffixes;
  }

  /** The name that users give, and that file names end with: {@code qcow2.gz}. */
  public String text() {
    return suffixes[0];
  }

  boolean isQcow2() {
    return this == QCOW2 || this == QCOW2_GZ;
  }

  boolean isCompressed() {
    return this == RAW_GZ || this == QCOW2_GZ;
  }

  /** The format called {@code text}. */
  public static Optional<ImageFormat> named(String text) {
    return Arrays.stream(values())
        .filter(format -> Arrays.asList(format.suffixes).contains(text.toLowerCase(Locale.ROOT)))
        .findFirst();
  }

  /** The format that a file's name tells by its end, like {@code db.qcow2}. */
  public static Optional<ImageFormat> ofFileName(String fileName) {
    String name = fileName.toLowerCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(format -> Arrays.stream(format.suffixes).anyMatch(end -> name.endsWith("." + end)))
        .findFirst();
  }

  /** All names, for messages. */
  static String all() {
    return Arrays.stream(values()).map(ImageFormat::text).collect(Collectors.joining(", "));
  }

  /** Whether a file that begins like this is one of QEMU's. */
  public static boolean isQcow2(byte[] head) {
    return head.length >= DETECT_BYTES
        && head[0] == 'Q'
        && head[1] == 'F'
        && head[2] == 'I'
        && head[3] == (byte) 0xfb;
  }
}
