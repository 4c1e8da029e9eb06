package dev.firn.pack;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** Applies the records of pax headers to an entry, and keeps what they say of sparse files. */
final class PaxEntry {
  static final String XATTR_PREFIX = "SCHILY.xattr.";
  private static final String LIBARCHIVE_XATTR_PREFIX = "LIBARCHIVE.xattr.";

  private final TarEntry entry;
  private SparseMap sparseMap;
  private long sparseOffset = -1;
  private long realSizeBytes = -1;
  private boolean mapInBody;
  private byte[] sparseName;

  PaxEntry(TarEntry entry) {
    this.entry = entry;
  }

  /**
   * @throws IllegalArgumentException or ArithmeticException if the value is malformed
   */
  void apply(PaxRecords.Item item) {
    if (item.value().length == 0 && !item.key().startsWith(XATTR_PREFIX)) {
      // An empty value takes an earlier record back: the header's own field counts.
      return;
    }
    switch (item.key()) {
      case "path" -> entry.name = item.value();
      case "linkpath" -> entry.link = item.value();
      case "size" -> entry.storedBytes = number(item);
      case "uid" -> entry.uid = number(item);
      case "gid" -> entry.gid = number(item);
      case "mtime" -> entry.modifyTime = PaxTime.parse(item.text());
      case "atime" -> entry.accessTime = PaxTime.parse(item.text());
      case "SCHILY.devmajor" -> entry.deviceMajor = number(item);
      case "SCHILY.devminor" -> entry.deviceMinor = number(item);
      case "RHT.security.selinux" -> entry.xattrs.put("security.selinux", item.value());
      case "SCHILY.acl.access" -> entry.accessAcl = item.value();
      case "SCHILY.acl.default" -> entry.defaultAcl = item.value();
      case "GNU.sparse.name" -> sparseName = item.value();
      case "GNU.sparse.size", "GNU.sparse.realsize" -> realSizeBytes = number(item);
      case "GNU.sparse.offset" -> sparseOffset = number(item);
      case "GNU.sparse.numbytes" -> addRun(sparseOffset, number(item));
      case "GNU.sparse.map" -> parseMap(item.text());
      case "GNU.sparse.major" -> mapInBody = number(item) == 1;
      default -> applyXattr(item);
    }
  }

  boolean isSparse() {
    return realSizeBytes >= 0 && (mapInBody || sparseMap != null);
  }

  /** The name of a sparse file, whose path may be a made-up one; null: its path. */
  byte[] sparseName() {
    return sparseName;
  }

  long realSizeBytes() {
    return realSizeBytes;
  }

  /** Null: it stands before the content. */
  SparseMap sparseMap() {
    return mapInBody ? null : sparseMap;
  }

  private void applyXattr(PaxRecords.Item item) {
    String key = item.key();
    if (key.startsWith(XATTR_PREFIX)) {
      // GNU tar escapes just the two characters that would mislead a reader.
      String name = key.substring(XATTR_PREFIX.length()).replace("%3D", "=").replace("%25", "%");
      entry.xattrs.put(name, item.value());
    } else if (key.startsWith(LIBARCHIVE_XATTR_PREFIX)) {
      String name = unescape(key.substring(LIBARCHIVE_XATTR_PREFIX.length()));
      // Without the padding that libarchive leaves out.
      String base64 = item.text().replace("=", "").trim();
      entry.xattrs.putIfAbsent(name, Base64.getDecoder().decode(base64));
    }
  }

  private void addRun(long offset, long length) {
    if (offset < 0) {
      throw new IllegalArgumentException("its sparse map is malformed");
    }
    if (sparseMap == null) {
      sparseMap = new SparseMap();
    }
    sparseMap.add(offset, length);
  }

  private void parseMap(String text) {
    String[] numbers = text.split(",", -1);
    if (numbers.length % 2 != 0) {
      throw new IllegalArgumentException("its sparse map is malformed");
    }
    for (int i = 0; i < numbers.length; i += 2) {
      addRun(number(numbers[i]), number(numbers[i + 1]));
    }
  }

  private static long number(PaxRecords.Item item) {
    return number(item.text());
  }

  private static long number(String text) {
    try {
      if (text.matches("[0-9]{1,19}")) {
        return Long.parseLong(text);
      }
    } catch (NumberFormatException e) {
      // Nineteen digits may be more than a long holds: no number either.
    }
    throw new IllegalArgumentException("'" + printable(text) + "' is not a number");
  }

  private static String printable(String text) {
    return Names.printable(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Undoes {@code %41} for {@code A}. */
  private static String unescape(String text) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char value = text.charAt(i);
      if (value == '%' && i + 2 < text.length()) {
        plain.append((char) Integer.parseInt(text.substring(i + 1, i + 3), 16));
        i += 2;
      } else {
        plain.append(value);
      }
    }
    return plain.toString();
  }
}
