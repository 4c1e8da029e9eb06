package dev.firn.fuse;

import dev.firn.vfs.FileMode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * All that a user can see of a directory tree, as comparable text: a line for each path with type,
 * mode, owners, links (and to which other path), size, device, target, extended attributes, a
 * checksum of the contents, and the modification time if it was set explicitly.
 */
final class TreeDump {
  /** Explicit times end in these nanoseconds; no clock is likely to. */
  static final int EXPLICIT_NANOS = 777_777;

  private static final int NANOS_MODULUS = 1_000_000;
  private static final int CHUNK_BYTES = 1 << 20;

  private final Map<Long, String> firstPaths = new HashMap<>();
  private final TreeMap<String, String> lines = new TreeMap<>();

  private TreeDump() {}

  /** Paths (Latin-1, each byte a character) to their lines. */
  static TreeMap<String, String> of(byte[] terminatedRoot) {
    String root =
        new String(terminatedRoot, 0, length(terminatedRoot), StandardCharsets.ISO_8859_1);
    TreeDump dump = new TreeDump();
    dump.add(root, ".");
    return dump.lines;
  }

  private static int length(byte[] terminated) {
    return terminated.length - 1;
  }

  private void add(String root, String relative) {
    byte[] path = Posix.path((root + '/' + relative).getBytes(StandardCharsets.ISO_8859_1));
    Posix.Status status = Posix.stat(path);
    StringBuilder line = new StringBuilder();
    line.append(String.format("%o %d:%d", status.mode(), status.uid(), status.gid()));
    int type = status.mode() & FileMode.TYPE_MASK;
    line.append(" links ").append(status.links());
    if (type != FileMode.DIRECTORY) {
      line.append(" as ").append(firstPaths.computeIfAbsent(status.inode(), i -> relative));
      line.append(" size ").append(status.sizeBytes());
    }
    if (type == FileMode.CHARACTER_DEVICE || type == FileMode.BLOCK_DEVICE) {
      line.append(" device ").append(status.deviceMajor()).append(':').append(status.deviceMinor());
    }
    if (status.modifyTime().getNano() % NANOS_MODULUS == EXPLICIT_NANOS) {
      line.append(" at ").append(status.modifyTime());
    }
    for (String name : Posix.listXattrs(path)) {
      line.append(' ').append(name).append('=');
      line.append(HexFormat.of().formatHex(Posix.getXattr(path, name)));
    }
    if (type == FileMode.SYMBOLIC_LINK) {
      line.append(" to ").append(new String(Posix.readLink(path), StandardCharsets.ISO_8859_1));
    } else if (type == FileMode.REGULAR) {
      line.append(" sha256 ").append(checksum(path, status.sizeBytes()));
    }
    lines.put(relative, line.toString());
    if (type == FileMode.DIRECTORY) {
      for (String name : Posix.list(path)) {
        add(root, relative + '/' + name);
      }
    }
  }

  private static String checksum(byte[] path, long sizeBytes) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
    int fd = Posix.open(path, Posix.O_RDONLY);
    try {
      long offset = 0;
      for (byte[] part = Posix.read(fd, 0, CHUNK_BYTES);
          part.length > 0;
          part = Posix.read(fd, offset, CHUNK_BYTES)) {
        digest.update(part);
        offset += part.length;
      }
      if (offset != sizeBytes) {
        throw new AssertionError("size " + sizeBytes + ", but " + offset + " bytes read");
      }
    } finally {
      Posix.LIBC.close(fd);
    }
    return HexFormat.of().formatHex(digest.digest(), 0, 8);
  }
}
