package dev.firn.vfs;

import dev.firn.map.MapCursor;
import dev.firn.map.MapView;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The tree of a block volume: a root directory with one file, {@link #NAME}, whose size is the
 * disk's. Invariants: there is no other inode and no other name, and the file never shrinks. That
 * it is one is said by the version of the volume's counters, {@link VolumeCounters}.
 */
public final class Disk {
  /** The one name in the root: {@code disk.raw}. */
  public static final String NAME = "disk.raw";

  /** A disk's size is a multiple of this. */
  public static final int SECTOR_BYTES = 512;

  static final int MODE = FileMode.REGULAR | 0600;

  private static final byte[] NAME_BYTES = NAME.getBytes(StandardCharsets.US_ASCII);

  private Disk() {}

  /** The name as file systems take it; a copy. */
  public static byte[] name() {
    return NAME_BYTES.clone();
  }

  /** How large the disk in a root is; -1 if it holds none. */
  public static long sizeBytes(MapView view) throws IOException {
    VolumeCounters counters = VolumeCounters.load(view);
    long number = counters == null || !counters.isDisk ? 0 : inode(view);
    return number == 0 ? -1 : Tree.require(view, number).sizeBytes;
  }

  /** The number of the disk's inode in a root; 0 if the root's tree is no disk. */
  static long inode(MapView view) throws IOException {
    MapCursor cursor = view.cursor(Keys.first(FileSystem.ROOT_INODE, Keys.DIRENT));
    if (!cursor.next() || !isDiskEntry(cursor.key())) {
      return 0;
    }
    long number = Tree.entryInode(cursor.value());
    boolean regular = Tree.entryType(cursor.value()) == FileMode.REGULAR;
    boolean more = cursor.next() && Keys.is(cursor.key(), FileSystem.ROOT_INODE, Keys.DIRENT);
    return regular && !more ? number : 0;
  }

  private static boolean isDiskEntry(byte[] key) {
    return Keys.is(key, FileSystem.ROOT_INODE, Keys.DIRENT)
        && Arrays.equals(Keys.entryNameOf(key), NAME_BYTES);
  }
}
