package dev.firn.snapshot;

import dev.firn.base.Bytes;
import dev.firn.map.FrozenMap;
import dev.firn.map.MapCursor;
import dev.firn.map.MapEntry;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.InodeCodec;
import dev.firn.vfs.Keys;
import dev.firn.vfs.Tree;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Names and paths in one of two trees that are compared. Not safe for concurrent use. */
final class TreeSide {
  /** A name in a directory, and what it leads to. */
  record Link(long parent, byte[] name, long inode) {}

  private final FrozenMap map;
  private final Map<Long, byte[]> directoryPaths = new HashMap<>();

  TreeSide(FrozenMap map) {
    this.map = map;
    directoryPaths.put(FileSystem.ROOT_INODE, Bytes.EMPTY);
  }

  FrozenMap map() {
    return map;
  }

  /** The names in a directory, in order. */
  List<Link> entries(long directory) throws IOException {
    List<Link> entries = new ArrayList<>();
    MapCursor cursor = map.cursor(Keys.first(directory, Keys.DIRENT));
    while (cursor.next() && Keys.is(cursor.key(), directory, Keys.DIRENT)) {
      entries.add(
          new Link(directory, Keys.entryNameOf(cursor.key()), Tree.entryInode(cursor.value())));
    }
    return entries;
  }

  /** The path from the root, without a leading slash; "." for the root itself. */
  byte[] path(long directory) throws IOException {
    byte[] path = directoryPath(directory);
    return path.length == 0 ? new byte[] {'.'} : path;
  }

  byte[] path(Link link) throws IOException {
    return join(directoryPath(link.parent()), link.name());
  }

  /**
   * All names of these inodes. Costs the directories they are thought to be in, unless some have
   * names elsewhere too: that takes a walk through all directories.
   */
  Map<Long, List<Link>> links(Collection<Long> inodes) throws IOException {
    Map<Long, List<Link>> found = new HashMap<>();
    Map<Long, Set<Long>> wantedByDirectory = new HashMap<>();
    Map<Long, Long> countOf = new HashMap<>();
    for (long inode : inodes) {
      MapEntry entry = map.get(Keys.inode(inode));
      if (entry == null || inode == FileSystem.ROOT_INODE) {
        continue;
      }
      var attributes = InodeCodec.attributes(inode, entry.value());
      // A directory's link count tells of its subdirectories; it has one name.
      countOf.put(inode, attributes.isDirectory() ? 1 : attributes.linkCount());
      wantedByDirectory
          .computeIfAbsent(InodeCodec.parent(entry.value()), parent -> new HashSet<>())
          .add(inode);
    }
    for (Map.Entry<Long, Set<Long>> wanted : wantedByDirectory.entrySet()) {
      collect(entries(wanted.getKey()), wanted.getValue(), found);
    }
    Set<Long> incomplete = new HashSet<>();
    countOf.forEach(
        (inode, count) -> {
          if (found.getOrDefault(inode, List.of()).size() < count) {
            incomplete.add(inode);
          }
        });
    if (!incomplete.isEmpty()) {
      incomplete.forEach(found::remove);
      walk(incomplete, found);
    }
    return found;
  }

  static byte[] join(byte[] directory, byte[] name) {
    if (directory.length == 0) {
      return name;
    }
    byte[] path = new byte[directory.length + 1 + name.length];
    System.arraycopy(directory, 0, path, 0, directory.length);
    path[directory.length] = '/';
    System.arraycopy(name, 0, path, directory.length + 1, name.length);
    return path;
  }

  private void walk(Set<Long> wanted, Map<Long, List<Link>> found) throws IOException {
    Deque<Long> directories = new ArrayDeque<>(List.of(FileSystem.ROOT_INODE));
    while (!directories.isEmpty()) {
      long directory = directories.pop();
      MapCursor cursor = map.cursor(Keys.first(directory, Keys.DIRENT));
      while (cursor.next() && Keys.is(cursor.key(), directory, Keys.DIRENT)) {
        long inode = Tree.entryInode(cursor.value());
        if (Tree.entryType(cursor.value()) == FileMode.DIRECTORY) {
          directories.push(inode);
        }
        if (wanted.contains(inode)) {
          found
              .computeIfAbsent(inode, key -> new ArrayList<>())
              .add(new Link(directory, Keys.entryNameOf(cursor.key()), inode));
        }
      }
    }
  }

  private static void collect(List<Link> links, Set<Long> wanted, Map<Long, List<Link>> found) {
    for (Link link : links) {
      if (wanted.contains(link.inode())) {
        found.computeIfAbsent(link.inode(), key -> new ArrayList<>()).add(link);
      }
    }
  }

  /** As {@link #path(long)}, but empty for the root. */
  private byte[] directoryPath(long directory) throws IOException {
    Deque<Long> unknown = new ArrayDeque<>();
    for (long at = directory; !directoryPaths.containsKey(at); at = parent(at)) {
      unknown.push(at);
    }
    while (!unknown.isEmpty()) {
      long next = unknown.pop();
      if (!directoryPaths.containsKey(next)) {
        learnSubdirectories(parent(next));
      }
      if (!directoryPaths.containsKey(next)) {
        throw new IOException("directory " + next + " is not in directory " + parent(next));
      }
    }
    return directoryPaths.get(directory);
  }

  private long parent(long directory) throws IOException {
    MapEntry entry = map.get(Keys.inode(directory));
    if (entry == null) {
      throw new IOException("directory " + directory + " is missing");
    }
    return InodeCodec.parent(entry.value());
  }

  private void learnSubdirectories(long directory) throws IOException {
    byte[] path = directoryPaths.get(directory);
    MapCursor cursor = map.cursor(Keys.first(directory, Keys.DIRENT));
    while (cursor.next() && Keys.is(cursor.key(), directory, Keys.DIRENT)) {
      if (Tree.entryType(cursor.value()) == FileMode.DIRECTORY) {
        directoryPaths.put(
            Tree.entryInode(cursor.value()), join(path, Keys.entryNameOf(cursor.key())));
      }
    }
  }
}
