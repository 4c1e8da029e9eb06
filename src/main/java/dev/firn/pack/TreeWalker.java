package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Visits a tree that does not change: directories before what is in them, names in ascending order
 * of their bytes, so that equal trees are visited equally. Holds the listings of the directories on
 * the current path, and one record for each inode some of whose names are still to come. Not
 * recursive: a tree may be deeper than a thread's stack.
 */
final class TreeWalker {
  private static final int LISTING_BATCH = 4096;

  interface Visitor {
    /** An inode, at its first name. */
    void inode(Place place, Attributes attributes) throws IOException;

    /** A further name, {@code name} in the directory {@code place} stands in, of an inode. */
    void link(Place place, Attributes attributes, Place first) throws IOException;
  }

  private static final class OpenDirectory {
    final Place place;
    final List<DirectoryEntry> entries;
    int next;

    OpenDirectory(Place place, List<DirectoryEntry> entries) {
      this.place = place;
      this.entries = entries;
    }
  }

  private static final class LinkedInode {
    final Place first;
    long namesLeft;

    LinkedInode(Place first, long namesLeft) {
      this.first = first;
      this.namesLeft = namesLeft;
    }
  }

  private final FileSystem fileSystem;
  private final Visitor visitor;
  private final Deque<OpenDirectory> path = new ArrayDeque<>();
  private final Map<Long, LinkedInode> linked = new HashMap<>();
  private long inodes;

  private TreeWalker(FileSystem fileSystem, Visitor visitor) {
    this.fileSystem = fileSystem;
    this.visitor = visitor;
  }

  static void walk(FileSystem fileSystem, Visitor visitor) throws IOException {
    new TreeWalker(fileSystem, visitor).walk();
  }

  private void walk() throws IOException {
    visit(new Place(null, new byte[0], inodes++), FileSystem.ROOT_INODE);
    while (!path.isEmpty()) {
      OpenDirectory directory = path.peek();
      if (directory.next == directory.entries.size()) {
        path.pop();
        continue;
      }
      DirectoryEntry entry = directory.entries.set(directory.next++, null);
      LinkedInode seen = linked.get(entry.inode());
      if (seen == null) {
        visit(new Place(directory.place, entry.name(), inodes++), entry.inode());
      } else {
        Place place = new Place(directory.place, entry.name(), seen.first.ordinal());
        visitor.link(place, fileSystem.getAttributes(entry.inode()), seen.first);
        if (--seen.namesLeft == 0) {
          linked.remove(entry.inode());
        }
      }
    }
    for (LinkedInode missing : linked.values()) {
      throw FirnException.corrupt(
          "the snapshot's tree has %d names fewer for %s than its link count says; run 'firn"
              + " check'",
          missing.namesLeft, missing.first);
    }
  }

  private void visit(Place place, long inode) throws IOException {
    Attributes attributes = fileSystem.getAttributes(inode);
    visitor.inode(place, attributes);
    if (attributes.isDirectory()) {
      path.push(new OpenDirectory(place, list(inode)));
    } else if (attributes.linkCount() > 1) {
      linked.put(inode, new LinkedInode(place, attributes.linkCount() - 1));
    }
  }

  private List<DirectoryEntry> list(long inode) throws IOException {
    List<DirectoryEntry> entries = new ArrayList<>();
    long handle = fileSystem.openDirectory(inode);
    try {
      long cookie = 0;
      while (true) {
        List<DirectoryEntry> batch = fileSystem.readDirectory(handle, cookie, LISTING_BATCH);
        if (batch.isEmpty()) {
          break;
        }
        cookie = batch.get(batch.size() - 1).cookie();
        for (DirectoryEntry entry : batch) {
          if (!DirectoryEntry.isDots(entry.name())) {
            entries.add(entry);
          }
        }
      }
    } finally {
      fileSystem.releaseDirectory(handle);
    }
    entries.sort((left, right) -> Arrays.compareUnsigned(left.name(), right.name()));
    return entries;
  }
}
