package dev.firn.fuse.jnr;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Files without a name that are still open. When an open file loses its name, libfuse 2 renames it
 * to {@code .fuse_hidden…} and unlinks that at the last close. Firn removes the name for real and
 * keeps here which inode libfuse's made-up path means, so that fstat, ftruncate or fchmod still
 * find it. The made-up names are in no directory and no snapshot. Safe for concurrent use.
 */
final class HiddenFiles {
  private static final String PREFIX = ".fuse_hidden";

  /** libfuse prints two numbers of at least 8 hexadecimal digits each. */
  private static final int DIGITS_MIN = 16;

  private record Hidden(long parent, long inode) {}

  /** By name alone: unlike the path, it stays when a directory above is renamed. */
  private final Map<String, Hidden> hidden = new ConcurrentHashMap<>();

  /** Whether libfuse could have made this name up. */
  static boolean isHiddenName(byte[] name) {
    if (name.length < PREFIX.length() + DIGITS_MIN) {
      return false;
    }
    for (int i = 0; i < PREFIX.length(); i++) {
      if (name[i] != PREFIX.charAt(i)) {
        return false;
      }
    }
    for (int i = PREFIX.length(); i < name.length; i++) {
      if (!(name[i] >= '0' && name[i] <= '9' || name[i] >= 'a' && name[i] <= 'f')) {
        return false;
      }
    }
    return true;
  }

  void add(long parent, byte[] name, long inode) {
    hidden.put(key(name), new Hidden(parent, inode));
  }

  /** The inode, or 0: a user may have a file with such a name, too. */
  long find(long parent, byte[] name) {
    Hidden found = hidden.isEmpty() || !isHiddenName(name) ? null : hidden.get(key(name));
    return found != null && found.parent == parent ? found.inode : 0;
  }

  void remove(byte[] name) {
    hidden.remove(key(name));
  }

  /** Removes all entries of an inode; answers how many there were. */
  int removeInode(long inode) {
    int before = hidden.size();
    hidden.values().removeIf(entry -> entry.inode == inode);
    return before - hidden.size();
  }

  /** Removes all entries; answers the inode of each. */
  long[] removeAll() {
    long[] inodes = hidden.values().stream().mapToLong(Hidden::inode).toArray();
    hidden.clear();
    return inodes;
  }

  private static String key(byte[] name) {
    return new String(name, StandardCharsets.ISO_8859_1);
  }
}
