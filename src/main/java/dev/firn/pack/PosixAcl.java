package dev.firn.pack;

import dev.firn.base.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * POSIX access control lists in their two forms: the extended attribute of Linux
 * (linux/posix_acl_xattr.h) and the text that tar archives have.
 */
final class PosixAcl {
  static final String ACCESS_XATTR = "system.posix_acl_access";
  static final String DEFAULT_XATTR = "system.posix_acl_default";

  static final byte[] ACCESS_NAME = Bytes.utf8(ACCESS_XATTR);
  static final byte[] DEFAULT_NAME = Bytes.utf8(DEFAULT_XATTR);

  private static final int VERSION = 2;
  private static final int HEADER_BYTES = 4;
  private static final int ENTRY_BYTES = 8;
  private static final int NO_ID = -1;

  private static final int USER_OWNER = 0x01;
  private static final int USER = 0x02;
  private static final int GROUP_OWNER = 0x04;
  private static final int GROUP = 0x08;
  private static final int MASK = 0x10;
  private static final int OTHER = 0x20;

  private PosixAcl() {}

  /** {@code user::rw-,user:1000:r--,…}, with numeric ids; empty if the attribute is not valid. */
  static Optional<String> toText(byte[] xattr) {
    if (xattr.length < HEADER_BYTES + ENTRY_BYTES
        || (xattr.length - HEADER_BYTES) % ENTRY_BYTES != 0
        || Bytes.getInt(xattr, 0) != VERSION) {
      return Optional.empty();
    }
    List<String> entries = new ArrayList<>();
    for (int at = HEADER_BYTES; at < xattr.length; at += ENTRY_BYTES) {
      int permissions = Bytes.getShort(xattr, at + 2);
      String id = Integer.toUnsignedString(Bytes.getInt(xattr, at + 4));
      String who =
          switch (Bytes.getShort(xattr, at)) {
            case USER_OWNER -> "user::";
            case USER -> "user:" + id + ":";
            case GROUP_OWNER -> "group::";
            case GROUP -> "group:" + id + ":";
            case MASK -> "mask::";
            case OTHER -> "other::";
            default -> null;
          };
      if (who == null || permissions > 7) {
        return Optional.empty();
      }
      entries.add(
          who
              + ((permissions & 4) != 0 ? 'r' : '-')
              + ((permissions & 2) != 0 ? 'w' : '-')
              + ((permissions & 1) != 0 ? 'x' : '-'));
    }
    return Optional.of(String.join(",", entries));
  }

  /**
   * The attribute that a text means; empty if it has names rather than numbers, which mean nothing
   * on another machine, or is not one. A fourth field, as of libarchive, is the number of a name.
   */
  static Optional<byte[]> fromText(byte[] text) {
    List<byte[]> entries = new ArrayList<>();
    for (String line : new String(text, StandardCharsets.UTF_8).split("[,\n]")) {
      String entry = line.replaceAll("#.*", "").trim();
      if (entry.isEmpty()) {
        continue;
      }
      Optional<byte[]> parsed = parseEntry(entry.split(":", -1));
      if (parsed.isEmpty()) {
        return Optional.empty();
      }
      entries.add(parsed.get());
    }
    if (entries.isEmpty()) {
      return Optional.empty();
    }
    // The kernel wants them in the order of their tags, then of their ids.
    entries.sort(
        (left, right) -> {
          int byTag = Integer.compare(Bytes.getShort(left, 0), Bytes.getShort(right, 0));
          return byTag != 0
              ? byTag
              : Integer.compareUnsigned(Bytes.getInt(left, 4), Bytes.getInt(right, 4));
        });
    byte[] xattr = new byte[HEADER_BYTES + ENTRY_BYTES * entries.size()];
    Bytes.putInt(xattr, 0, VERSION);
    for (int i = 0; i < entries.size(); i++) {
      System.arraycopy(entries.get(i), 0, xattr, HEADER_BYTES + ENTRY_BYTES * i, ENTRY_BYTES);
    }
    return Optional.of(xattr);
  }

  private static Optional<byte[]> parseEntry(String[] fields) {
    if (fields.length < 3 || fields.length > 4) {
      return Optional.empty();
    }
    boolean named = !fields[1].isEmpty();
    int tag =
        switch (fields[0]) {
          case "user", "u" -> named ? USER : USER_OWNER;
          case "group", "g" -> named ? GROUP : GROUP_OWNER;
          case "mask", "m" -> MASK;
          case "other", "o" -> OTHER;
          default -> 0;
        };
    String id = fields.length == 4 ? fields[3] : fields[1];
    boolean knownId = !named || id.matches("[0-9]{1,9}");
    if (tag == 0 || !knownId || !fields[2].matches("[r-][w-][x-]")) {
      return Optional.empty();
    }
    int permissions = 0;
    for (int i = 0; i < 3; i++) {
      permissions = permissions << 1 | (fields[2].charAt(i) == '-' ? 0 : 1);
    }
    byte[] entry = new byte[ENTRY_BYTES];
    Bytes.putShort(entry, 0, tag);
    Bytes.putShort(entry, 2, permissions);
    Bytes.putInt(entry, 4, named ? Integer.parseInt(id) : NO_ID);
    return Optional.of(entry);
  }
}
