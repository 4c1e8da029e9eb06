package dev.firn.vfs;

import dev.firn.map.FrozenMap;
import dev.firn.map.MapCursor;
import dev.firn.map.MapView;
import dev.firn.map.VolumeMap;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/** Finds a name for an inode. Takes as long as the tree is large: for the rare case. */
public final class PathFinder {
  private static final int DEPTH_MAX = 4096;

  private PathFinder() {}

  /** A path from the root, with a slash before each name; null if there is none. */
  public static byte[] pathOf(MapView view, long inode) throws IOException {
    Deque<byte[]> names = new ArrayDeque<>();
    long number = inode;
    while (number != FileSystem.ROOT_INODE) {
      Inode found = Tree.inode(view, number);
      boolean isDirectory = found != null && found.isDirectory();
      byte[] key = entryOf(view, number, isDirectory ? found.parent : 0);
      if (key == null || names.size() == DEPTH_MAX) {
        return null;
      }
      names.push(Keys.entryNameOf(key));
      number = Keys.inodeOf(key);
    }
    ByteArrayOutputStream path = new ByteArrayOutputStream();
    for (byte[] name : names) {
      path.write('/');
      path.writeBytes(name);
    }
    return path.toByteArray();
  }

  /** A path as text for a message, in quotes; the inode's number when it has no name. */
  static String textOf(MapView view, long inode) throws IOException {
    byte[] path = pathOf(view, inode);
    // Names are bytes, and a message is one line of text.
    return path == null
        ? "a file without a name (inode " + inode + ")"
        : "'" + new String(path, StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", "?") + "'";
  }

  /** As the other, in a volume of this moment, whose writers are not held up. */
  static String textOf(VolumeMap map, long inode) throws IOException {
    if (map.failure() != null) {
      // Nothing can be frozen any more, and nobody writes.
      return map.read(view -> textOf(view, inode));
    }
    try (FrozenMap now = map.freezeUnsealed()) {
      return textOf(now, inode);
    }
  }

  /**
   * The key of the first name that leads to an inode.
   *
   * @param directory where to look; 0: everywhere
   */
  private static byte[] entryOf(MapView view, long inode, long directory) throws IOException {
    long start = directory == 0 ? FileSystem.ROOT_INODE : directory;
    MapCursor cursor = view.cursor(Keys.first(start, Keys.DIRENT));
    while (cursor.next()) {
      byte[] key = cursor.key();
      if (directory != 0 && !Keys.is(key, directory, Keys.DIRENT)) {
        return null;
      }
      if (Keys.kindOf(key) == Keys.DIRENT && Tree.entryInode(cursor.value()) == inode) {
        return key;
      }
    }
    return null;
  }
}
