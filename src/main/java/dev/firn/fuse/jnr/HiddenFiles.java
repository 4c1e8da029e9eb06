package dev.firn.fuse.jnr;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Files without a name that are still open. When an open file loses its name, libfuse 2 renames it
 * to {@code .fuse_hidden…} and unlinks that at the last close. Firn removes the name for real and
 * keeps here which inode libfuse's made-up path means, so that it is found as long as it is open.
 * The made-up names are in no directory and no snapshot. Safe for concurrent use.
 */
final class HiddenFiles {
  private static final byte[] PREFIX = ".fuse_hidden".getBytes(StandardCharsets.US_ASCII);

  /** Two 32-bit numbers in hexadecimal: libfuse's node, and a counter. */
  private static final int NODE_DIGITS = 8;

  private static final int DIGITS = 16;

  private record Hidden(long parent, byte[] name, long inode) {}

  /** By libfuse's node: unlike the path, it stays when a directory above is renamed or removed. */
  private final Map<Long, Hidden> byNode = new ConcurrentHashMap<>();

  /** Whether libfuse could have made this name up. */
  static boolean isHiddenName(byte[] name) {
    if (name.length != PREFIX.length + DIGITS
        || !Arrays.equals(name, 0, PREFIX.length, PREFIX, 0, PREFIX.length)) {
      return false;
    }
    for (int i = PREFIX.length; i < name.length; i++) {
      if (!(name[i] >= '0' && name[i] <= '9' || name[i] >= 'a' && name[i] <= 'f')) {
        return false;
      }
    }
    return true;
  }

  void add(long parent, byte[] name, long inode) {
    byNode.put(node(name), new Hidden(parent, name, inode));
  }

  /** The inode, or 0: a user may have a file with such a name, too. */
  long find(long parent, byte[] name) {
    if (byNode.isEmpty() || !isHiddenName(name)) {
      return 0;
    }
    Hidden found = byNode.get(node(name));
    return found != null && found.parent == parent && Arrays.equals(found.name, name)
        ? found.inode
        : 0;
  }

  /** The inode behind one of libfuse's nodes, or 0 if that has a name. */
  long findNode(long node) {
    Hidden found = byNode.isEmpty() ? null : byNode.get(node);
    return found == null ? 0 : found.inode;
  }

  void remove(byte[] name) {
    byNode.remove(node(name));
  }

  /** Removes all entries of an inode; answers how many there were. */
  int removeInode(long inode) {
    int removed = 0;
    for (Map.Entry<Long, Hidden> entry : byNode.entrySet()) {
      if (entry.getValue().inode == inode && byNode.remove(entry.getKey(), entry.getValue())) {
        removed++;
      }
    }
    return removed;
  }

  /** Removes all entries; answers the inode of each. */
  long[] removeAll() {
    long[] inodes = byNode.values().stream().mapToLong(Hidden::inode).toArray();
    byNode.clear();
    return inodes;
  }

  private static long node(byte[] name) {
    return Long.parseLong(
        new String(name, PREFIX.length, NODE_DIGITS, StandardCharsets.US_ASCII), 16);
  }
}
