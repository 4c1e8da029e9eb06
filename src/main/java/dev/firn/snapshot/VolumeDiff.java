package dev.firn.snapshot;

import dev.firn.map.FrozenMap;
import dev.firn.snapshot.TreeDiff.Change;
import dev.firn.snapshot.TreeSide.Link;
import java.io.IOException;
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
 */
final class VolumeDiff {
  private final FrozenMap before;
  private final FrozenMap after;
  private final TreeSide oldSide;
  private final TreeSide newSide;

  private final KeyChanges keys;
  private final List<Change> changes = new ArrayList<>();

  /** Paths that are told as added, or as modified where one file took another's place. */
  private final TreeSet<byte[]> told = noPaths();

  VolumeDiff(FrozenMap before, FrozenMap after) {
    this.before = before;
    this.after = after;
    this.oldSide = new TreeSide(before);
    this.newSide = new TreeSide(after);
    this.keys = new KeyChanges(oldSide, newSide);
  }

  private static boolean isModified(KeyChanges.Touched which, boolean namesChanged) {
    if (which.before.isDirectory()) {
      return !FileComparison.sameOwnership(which.before, which.after)
          || (!namesChanged && !FileComparison.sameModifyTime(which.before, which.after))
          || isContentModified(which);
    }
    return !FileComparison.sameAttributes(which.before, which.after) || isContentModified(which);
  }

  private static boolean isContentModified(KeyChanges.Touched which) {
    return which.isChangedByUser() && (which.xattrs || !which.content.isEmpty());
  }

  /** All changes, in no order. */
  List<Change> changes() throws IOException {
    keys.find();
    addNames();
    addModified();
    return changes;
  }

  private void addNames() throws IOException {
    Map<Long, TreeSet<byte[]>> oldPaths = paths(oldSide, keys.gone());
    Map<Long, TreeSet<byte[]>> newPaths = paths(newSide, keys.come());
    TreeMap<byte[], Long> deleted = new TreeMap<>(Arrays::compareUnsigned);
    TreeMap<byte[], Long> added = new TreeMap<>(Arrays::compareUnsigned);
    Set<Long> inodes = new HashSet<>(oldPaths.keySet());
    inodes.addAll(newPaths.keySet());
    for (long inode : inodes) {
      TreeSet<byte[]> from = oldPaths.getOrDefault(inode, noPaths());
      TreeSet<byte[]> to = newPaths.getOrDefault(inode, noPaths());
      if (!keys.isReplaced(inode)) {
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

  private static Map<Long, TreeSet<byte[]>> paths(TreeSide side, Map<KeyChanges.Place, Link> links)
      throws IOException {
    Map<Long, TreeSet<byte[]>> paths = new HashMap<>();
    for (Link link : links.values()) {
      paths.computeIfAbsent(link.inode(), inode -> noPaths()).add(side.path(link));
    }
    return paths;
  }

  private void addModified() throws IOException {
    Set<Long> namesChanged = new HashSet<>();
    keys.gone().keySet().forEach(place -> namesChanged.add(place.directory()));
    keys.come().keySet().forEach(place -> namesChanged.add(place.directory()));
    Set<Long> modified = new HashSet<>();
    keys.touched()
        .forEach(
            (inode, which) -> {
              if (which.before != null
                  && which.after != null
                  && which.after.linkCount() > 0
                  && !keys.isReplaced(inode)
                  && isModified(which, namesChanged.contains(inode))) {
                modified.add(inode);
              }
            });
    Set<Long> files = new HashSet<>();
    for (long inode : modified) {
      if (keys.touched().get(inode).after.isDirectory()) {
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
