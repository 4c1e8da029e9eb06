package dev.firn.snapshot;

import dev.firn.map.ExtentRef;
import dev.firn.map.FrozenMap;
import dev.firn.map.MapEntry;
import dev.firn.snapshot.TreeSide.Link;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.InodeCodec;
import dev.firn.vfs.Keys;
import dev.firn.vfs.Tree;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What the keys that differ between two roots say: names that came or went, and inodes that were
 * touched. For one thread.
 *
 * <p>An inode number may stand for different files before and after, since a rollback gives numbers
 * out again: such a pair (type or generation differ) counts as one file gone and one new.
 */
final class KeyChanges {
  private final TreeSide before;
  private final TreeSide after;
  private final Map<Long, Touched> touched = new HashMap<>();
  private final Map<Place, Link> gone = new HashMap<>();
  private final Map<Place, Link> come = new HashMap<>();
  private final Set<Long> replaced = new HashSet<>();

  KeyChanges(TreeSide before, TreeSide after) {
    this.before = before;
    this.after = after;
  }

  /** A name in a directory. */
  record Place(long directory, ByteBuffer name) {
    static Place of(Link link) {
      return new Place(link.parent(), ByteBuffer.wrap(link.name()));
    }
  }

  /** The attributes before and after, null if not different; and which other keys differ. */
  static final class Touched {
    Attributes before;
    Attributes after;
    boolean xattrs;

    /** Where extents differ. */
    final Ranges content = new Ranges();

    /** Values may also differ because bytes got their place on disk in between. */
    boolean isChangedByUser() {
      return before.changeSeconds() != after.changeSeconds()
          || before.changeNanos() != after.changeNanos();
    }
  }

  void find() throws IOException {
    FrozenMap.diff(before.map(), after.map(), this::keyChanged);
    findReplaced();
  }

  /** Inodes of which a key differs, by number. */
  Map<Long, Touched> touched() {
    return touched;
  }

  /** Names that are no more. */
  Map<Place, Link> gone() {
    return gone;
  }

  /** Names that are new. */
  Map<Place, Link> come() {
    return come;
  }

  /** Whether an inode number stands for different files. */
  boolean isReplaced(long inode) {
    return replaced.contains(inode);
  }

  private void keyChanged(MapEntry old, MapEntry now) throws IOException {
    byte[] key = old != null ? old.key() : now.key();
    long inode = Keys.inodeOf(key);
    switch (Keys.kindOf(key)) {
      case Keys.INODE -> {
        Touched which = touched(inode);
        which.before = old == null ? null : InodeCodec.attributes(inode, old.value());
        which.after = now == null ? null : InodeCodec.attributes(inode, now.value());
      }
      case Keys.XATTR -> touched(inode).xattrs = true;
      case Keys.EXTENT -> {
        long from = Keys.numberOf(key);
        int length = Math.max(length(old), length(now));
        touched(inode).content.add(from, from + length);
      }
      case Keys.DIRENT -> {
        Link left = old == null ? null : link(old);
        Link right = now == null ? null : link(now);
        if (left != null && right != null && left.inode() == right.inode()) {
          return;
        }
        put(gone, left);
        put(come, right);
      }
      default -> {
        // The volume's counters and orphans are in no tree.
      }
    }
  }

  private static int length(MapEntry extent) throws IOException {
    return extent == null ? 0 : ExtentRef.decode(extent).length();
  }

  private Touched touched(long inode) {
    return touched.computeIfAbsent(inode, number -> new Touched());
  }

  private static Link link(MapEntry entry) {
    return new Link(
        Keys.inodeOf(entry.key()), Keys.entryNameOf(entry.key()), Tree.entryInode(entry.value()));
  }

  private static void put(Map<Place, Link> links, Link link) {
    if (link != null) {
      links.put(Place.of(link), link);
    }
  }

  /** Names of, and in, replaced inodes are gone and new even where no key says so. */
  private void findReplaced() throws IOException {
    Set<Long> oldDirectories = new HashSet<>();
    Set<Long> newDirectories = new HashSet<>();
    touched.forEach(
        (inode, which) -> {
          if (which.before != null && which.after != null && !isSameFile(which)) {
            replaced.add(inode);
            if (which.before.isDirectory()) {
              oldDirectories.add(inode);
            }
            if (which.after.isDirectory()) {
              newDirectories.add(inode);
            }
          }
        });
    before.links(replaced).values().forEach(links -> links.forEach(link -> put(gone, link)));
    after.links(replaced).values().forEach(links -> links.forEach(link -> put(come, link)));
    for (long directory : oldDirectories) {
      before.entries(directory).forEach(link -> put(gone, link));
    }
    for (long directory : newDirectories) {
      after.entries(directory).forEach(link -> put(come, link));
    }
  }

  /** Roots are always the same: another volume's was made at another time. */
  private static boolean isSameFile(Touched which) {
    boolean root = which.after.inode() == FileSystem.ROOT_INODE;
    return (root || which.before.generation() == which.after.generation())
        && (which.before.mode() & FileMode.TYPE_MASK) == (which.after.mode() & FileMode.TYPE_MASK);
  }
}
