package dev.firn.snapshot;

import dev.firn.map.FrozenMap;
import dev.firn.map.MapEntry;
import dev.firn.snapshot.TreeDiff.Change;
import dev.firn.snapshot.TreeSide.Link;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.InodeCodec;
import dev.firn.vfs.Keys;
import dev.firn.vfs.Tree;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Compares two moments of one volume: from the keys that differ to names that came or went and
 * inodes that changed, and from these to paths. Used once, by one thread.
 *
 * <p>An inode number may stand for different files before and after, since a rollback gives numbers
 * out again: such a pair (type or generation differ) counts as one file gone and one new.
 */
final class VolumeDiff {
  private final FrozenMap before;
  private final FrozenMap after;
  private final TreeSide oldSide;
  private final TreeSide newSide;

  /** Inodes of which a key differs. */
  private final Map<Long, Touched> touched = new HashMap<>();

  /** Names that are no more, and names that are new, by directory and name. */
  private final Map<Place, Link> gone = new HashMap<>();

  private final Map<Place, Link> come = new HashMap<>();

  /** Inode numbers that stand for different files. */
  private final Set<Long> replaced = new HashSet<>();

  private final List<Change> changes = new ArrayList<>();

  /** Paths that are told as added, or as modified where one file took another's place. */
  private final TreeSet<byte[]> told = noPaths();

  VolumeDiff(FrozenMap before, FrozenMap after) {
    this.before = before;
    this.after = after;
    this.oldSide = new TreeSide(before);
    this.newSide = new TreeSide(after);
  }

  private record Place(long directory, ByteBuffer name) {
    private static Place of(Link link) {
      return new Place(link.parent(), ByteBuffer.wrap(link.name()));
    }
  }

  /** The attributes before and after, null if not different; and whether other keys differ. */
  private static final class Touched {
    private Attributes before;
    private Attributes after;
    private boolean content;

    private boolean isModified(boolean namesChanged) {
      if (before.isDirectory()) {
        return !FileComparison.sameOwnership(before, after)
            || (!namesChanged && !FileComparison.sameModifyTime(before, after))
            || isContentModified();
      }
      return !FileComparison.sameAttributes(before, after) || isContentModified();
    }

    /** Values may also differ because bytes got their place on disk in between. */
    private boolean isContentModified() {
      return content
          && (before.changeSeconds() != after.changeSeconds()
              || before.changeNanos() != after.changeNanos());
    }
  }

  /** All changes, in no order. */
  List<Change> changes() throws IOException {
    FrozenMap.diff(before, after, this::keyChanged);
    findReplaced();
    addNames();
    addModified();
    return changes;
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
      case Keys.XATTR, Keys.EXTENT -> touched(inode).content = true;
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
    oldSide.links(replaced).values().forEach(links -> links.forEach(link -> put(gone, link)));
    newSide.links(replaced).values().forEach(links -> links.forEach(link -> put(come, link)));
    for (long directory : oldDirectories) {
      oldSide.entries(directory).forEach(link -> put(gone, link));
    }
    for (long directory : newDirectories) {
      newSide.entries(directory).forEach(link -> put(come, link));
    }
  }

  /** Roots are always the same: another volume's was made at another time. */
  private static boolean isSameFile(Touched which) {
    boolean root = which.after.inode() == FileSystem.ROOT_INODE;
    return (root || which.before.generation() == which.after.generation())
        && (which.before.mode() & FileMode.TYPE_MASK) == (which.after.mode() & FileMode.TYPE_MASK);
  }

  private void addNames() throws IOException {
    Map<Long, TreeSet<byte[]>> oldPaths = paths(oldSide, gone);
    Map<Long, TreeSet<byte[]>> newPaths = paths(newSide, come);
    TreeMap<byte[], Long> deleted = new TreeMap<>(Arrays::compareUnsigned);
    TreeMap<byte[], Long> added = new TreeMap<>(Arrays::compareUnsigned);
    Set<Long> inodes = new HashSet<>(oldPaths.keySet());
    inodes.addAll(newPaths.keySet());
    for (long inode : inodes) {
      TreeSet<byte[]> from = oldPaths.getOrDefault(inode, noPaths());
      TreeSet<byte[]> to = newPaths.getOrDefault(inode, noPaths());
      if (!replaced.contains(inode)) {
        pair(from, to);
      }
      from.forEach(path -> deleted.put(path, inode));
      to.forEach(path -> added.put(path, inode));
    }
    addDeletedAndAdded(deleted, added);
  }

  /** Takes out what stayed under another parent, and what was renamed. */
  private void pair(TreeSet<byte[]> from, TreeSet<byte[]> to) {
    for (byte[] path : List.copyOf(from)) {
      if (to.remove(path)) {
        from.remove(path);
      }
    }
    while (!from.isEmpty() && !to.isEmpty()) {
      changes.add(new Change('R', from.pollFirst(), to.pollFirst()));
    }
  }

  /** One file in another's place, with the same path and type, is a modified file. */
  private void addDeletedAndAdded(TreeMap<byte[], Long> deleted, TreeMap<byte[], Long> added)
      throws IOException {
    try (FileComparison files = new FileComparison(before, after)) {
      for (Map.Entry<byte[], Long> old : deleted.entrySet()) {
        byte[] path = old.getKey();
        Long now = added.get(path);
        if (now == null || !files.sameType(old.getValue(), now)) {
          changes.add(new Change('D', path, null));
        } else {
          told.add(path);
          added.remove(path);
          if (!files.same(old.getValue(), now)) {
            changes.add(new Change('M', path, null));
          }
        }
      }
    }
    added.keySet().forEach(path -> changes.add(new Change('A', path, null)));
    told.addAll(added.keySet());
  }

  private static TreeSet<byte[]> noPaths() {
    return new TreeSet<>(Arrays::compareUnsigned);
  }

  private static Map<Long, TreeSet<byte[]>> paths(TreeSide side, Map<Place, Link> links)
      throws IOException {
    Map<Long, TreeSet<byte[]>> paths = new HashMap<>();
    for (Link link : links.values()) {
      paths.computeIfAbsent(link.inode(), inode -> noPaths()).add(side.path(link));
    }
    return paths;
  }

  private void addModified() throws IOException {
    Set<Long> namesChanged = new HashSet<>();
    gone.keySet().forEach(place -> namesChanged.add(place.directory()));
    come.keySet().forEach(place -> namesChanged.add(place.directory()));
    Set<Long> modified = new HashSet<>();
    touched.forEach(
        (inode, which) -> {
          if (which.before != null
              && which.after != null
              && which.after.linkCount() > 0
              && !replaced.contains(inode)
              && which.isModified(namesChanged.contains(inode))) {
            modified.add(inode);
          }
        });
    Set<Long> files = new HashSet<>();
    for (long inode : modified) {
      if (touched.get(inode).after.isDirectory()) {
        changes.add(new Change('M', newSide.path(inode), null));
      } else {
        files.add(inode);
      }
    }
    for (List<Link> links : newSide.links(files).values()) {
      for (Link link : links) {
        byte[] path = newSide.path(link);
        if (!told.contains(path)) {
          changes.add(new Change('M', path, null));
        }
      }
    }
  }
}
