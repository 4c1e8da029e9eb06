package dev.firn.vfs;

import dev.firn.base.Bytes;
import dev.firn.map.ExtentRef;
import dev.firn.map.MapCursor;
import dev.firn.map.MapView;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/**
 * Checks that a root holds a file system in which everything fits together: the rules at the end of
 * native-notes/vfs-keys.md. Reads all keys once, in their order, and for each name the inode that
 * it leads to. For one thread.
 */
public final class TreeCheck {
  private static final int INODE_KEY_BYTES = 9;

  /** Is told what does not fit. */
  @FunctionalInterface
  public interface Listener {
    /**
     * One rule is broken.
     *
     * @param inode where; 0 for the volume itself
     * @param problem half a sentence that says of the inode, or of the volume, what is wrong
     */
    void problem(long inode, String problem) throws IOException;
  }

  private final MapView view;
  private final Listener listener;

  /** How many names lead to each inode. */
  private final LongCounts names = new LongCounts();

  private final Set<Long> orphans = new HashSet<>();

  /** Those with as many names as they say. */
  private long satisfied;

  private long named;
  private long inodes;
  private long usedBytes;
  private long highest;

  // The inode whose keys are being read, and what these add up to.
  private Inode inode;
  private long entryBytes;
  private long subdirectories;
  private long xattrBytes;
  private long extentBytes;
  private long extentsEnd;

  private TreeCheck(MapView view, Listener listener) {
    this.view = view;
    this.listener = listener;
  }

  /**
   * Checks a root.
   *
   * @return how many inodes it has
   * @throws dev.firn.store.CorruptDataException if a part of the tree cannot be read
   */
  public static long run(MapView view, Listener listener) throws IOException {
    return new TreeCheck(view, listener).run();
  }

  private long run() throws IOException {
    MapCursor cursor = view.cursor(Bytes.EMPTY);
    while (cursor.next()) {
      key(cursor.key(), cursor);
    }
    endInode();
    VolumeCounters counters = VolumeCounters.load(view);
    if (counters == null) {
      listener.problem(0, "has no counters");
    } else {
      compare(0, "inodes", counters.inodeCount, inodes);
      compare(0, "used bytes", counters.usedBytes, usedBytes);
      if (counters.nextInode <= highest) {
        listener.problem(0, "would give inode number " + counters.nextInode + " out again");
      }
      if (counters.isDisk && (Disk.inode(view) == 0 || inodes != 2)) {
        listener.problem(0, "is a disk, but holds something else than one file " + Disk.NAME);
      }
    }
    Inode root = Tree.inode(view, FileSystem.ROOT_INODE);
    if (root == null || !root.isDirectory() || root.parent != FileSystem.ROOT_INODE) {
      listener.problem(FileSystem.ROOT_INODE, "is no root directory");
    }
    if (satisfied != named) {
      tellWrongLinkCounts();
    }
    return inodes;
  }

  private void key(byte[] key, MapCursor cursor) throws IOException {
    if (key.length < INODE_KEY_BYTES) {
      listener.problem(0, "has a key of " + key.length + " bytes");
      return;
    }
    long number = Keys.inodeOf(key);
    int kind = Keys.kindOf(key);
    if (number == 0) {
      volumeKey(key, kind);
      return;
    }
    if (kind == Keys.INODE) {
      endInode();
      beginInode(number, cursor.value());
      return;
    }
    if (inode == null || inode.number != number) {
      listener.problem(number, "has a key of kind " + kind + " but no attributes");
      return;
    }
    switch (kind) {
      case Keys.XATTR -> {
        byte[] value = cursor.value();
        xattrBytes += value.length;
        if (Keys.xattrChunkOf(key) == 0) {
          xattrBytes += Keys.xattrNameOf(key).length;
        }
      }
      case Keys.DIRENT -> entry(key, cursor.value());
      case Keys.EXTENT -> extent(Keys.numberOf(key), ExtentRef.decode(cursor.entry()));
      default -> listener.problem(number, "has a key of unknown kind " + kind);
    }
  }

  private void volumeKey(byte[] key, int kind) throws IOException {
    if (kind == Keys.ORPHAN) {
      long orphan = Keys.numberOf(key);
      orphans.add(orphan);
      Inode target = Tree.inode(view, orphan);
      if (target == null || target.linkCount != 0) {
        listener.problem(orphan, "is listed as one without a name, but is none");
      }
    } else if (kind != Keys.META) {
      listener.problem(0, "has a key of unknown kind " + kind);
    }
  }

  private void beginInode(long number, byte[] value) throws IOException {
    inode = InodeCodec.decode(number, value);
    inodes++;
    highest = number;
    usedBytes += inode.charge();
    entryBytes = 0;
    subdirectories = 0;
    xattrBytes = 0;
    extentBytes = 0;
    extentsEnd = 0;
    if (inode.linkCount == 0) {
      if (!orphans.contains(number)) {
        listener.problem(number, "has no name, and is not listed as such");
      }
    } else if (number != FileSystem.ROOT_INODE) {
      named++;
    }
  }

  private void endInode() throws IOException {
    if (inode == null) {
      return;
    }
    long number = inode.number;
    compare(number, "bytes of attributes", inode.xattrBytes, xattrBytes);
    if (inode.isDirectory()) {
      compare(number, "bytes of names", inode.sizeBytes, entryBytes);
      if (inode.linkCount > 0) {
        compare(number, "links", inode.linkCount, 2 + subdirectories);
      }
    } else if (inode.isRegular()) {
      compare(number, "bytes of data", inode.allocatedBytes, extentBytes);
      if (extentsEnd > inode.sizeBytes) {
        listener.problem(
            number, "has data up to " + extentsEnd + ", beyond its size of " + inode.sizeBytes);
      }
    } else if (inode.type() == FileMode.SYMBOLIC_LINK) {
      compare(number, "bytes of target", inode.sizeBytes, extentBytes);
    }
    inode = null;
  }

  private void entry(byte[] key, byte[] value) throws IOException {
    entryBytes += Entries.bytes(Keys.entryNameOf(key));
    if (!inode.isDirectory()) {
      listener.problem(inode.number, "has names in it but is no directory");
    }
    long number = Tree.entryInode(value);
    Inode child = Tree.inode(view, number);
    if (child == null) {
      listener.problem(
          inode.number, "has a name that leads to inode " + number + ", which is not there");
      return;
    }
    if (child.linkCount == 0) {
      listener.problem(number, "says that it has no name, but has one in " + inode.number);
      return;
    }
    if (child.type() != Tree.entryType(value)) {
      listener.problem(number, "is of another type than its name says");
    }
    if (child.isDirectory()) {
      subdirectories++;
      if (child.parent != inode.number) {
        listener.problem(number, "is in directory " + inode.number + ", not in " + child.parent);
      }
    }
    long wanted = child.isDirectory() ? 1 : child.linkCount;
    long count = names.add(number, 1);
    if (count == wanted) {
      satisfied++;
    } else if (count == wanted + 1) {
      // One more than it says: told below, with those that have fewer.
      satisfied--;
    }
  }

  private void extent(long offset, ExtentRef extent) throws IOException {
    if (inode.isDirectory()) {
      listener.problem(inode.number, "is a directory and has data");
    }
    if (offset < extentsEnd) {
      listener.problem(inode.number, "has two runs of data at " + offset);
    }
    extentBytes += extent.length();
    extentsEnd = Math.max(extentsEnd, offset + extent.length());
  }

  private void tellWrongLinkCounts() throws IOException {
    MapCursor cursor = view.cursor(Bytes.EMPTY);
    while (cursor.next()) {
      byte[] key = cursor.key();
      if (key.length < INODE_KEY_BYTES || Keys.kindOf(key) != Keys.INODE) {
        continue;
      }
      Inode each = InodeCodec.decode(Keys.inodeOf(key), cursor.value());
      if (each.number != FileSystem.ROOT_INODE && each.linkCount > 0) {
        long wanted = each.isDirectory() ? 1 : each.linkCount;
        compare(each.number, "names", wanted, names.count(each.number));
      }
    }
  }

  private void compare(long number, String what, long said, long found) throws IOException {
    if (said != found) {
      listener.problem(number, "says " + said + " " + what + " where there are " + found);
    }
  }
}
