package dev.firn.snapshot;

import dev.firn.base.Bytes;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;

/** Compares two trees that need not have anything in common: walks both. */
final class PathDiff {
  private static final int BATCH = 1024;

  private final FileComparison files;
  private final List<TreeDiff.Change> changes;
  private final Deque<Pair> waiting = new ArrayDeque<>();

  PathDiff(FileComparison files, List<TreeDiff.Change> changes) {
    this.files = files;
    this.changes = changes;
  }

  /** A directory of both trees, or, with 0, of one. */
  private record Pair(byte[] path, long before, long after) {}

  void run() throws IOException {
    waiting.add(new Pair(Bytes.EMPTY, FileSystem.ROOT_INODE, FileSystem.ROOT_INODE));
    while (!waiting.isEmpty()) {
      compare(waiting.pop());
    }
  }

  private void compare(Pair pair) throws IOException {
    TreeMap<byte[], DirectoryEntry> before = entries(files.before(), pair.before());
    TreeMap<byte[], DirectoryEntry> after = entries(files.after(), pair.after());
    boolean sameNames = true;
    for (DirectoryEntry old : before.values()) {
      DirectoryEntry now = after.remove(old.name());
      byte[] path = TreeSide.join(pair.path(), old.name());
      if (now != null && now.type() == old.type()) {
        if (old.type() == FileMode.DIRECTORY) {
          waiting.push(new Pair(path, old.inode(), now.inode()));
        } else if (!files.sameFile(old.inode(), now.inode())) {
          changes.add(new TreeDiff.Change('M', path, null));
        }
        continue;
      }
      sameNames = false;
      one('D', path, old);
      if (now != null) {
        one('A', path, now);
      }
    }
    for (DirectoryEntry now : after.values()) {
      sameNames = false;
      one('A', TreeSide.join(pair.path(), now.name()), now);
    }
    if (pair.before() != 0 && pair.after() != 0) {
      compareDirectories(pair, sameNames);
    }
  }

  private void compareDirectories(Pair pair, boolean sameNames) throws IOException {
    Attributes a = files.before().getAttributes(pair.before());
    Attributes b = files.after().getAttributes(pair.after());
    if (!FileComparison.sameOwnership(a, b)
        || (sameNames && !FileComparison.sameModifyTime(a, b))
        || !files.sameXattrs(pair.before(), pair.after())) {
      byte[] path = pair.path().length == 0 ? new byte[] {'.'} : pair.path();
      changes.add(new TreeDiff.Change('M', path, null));
    }
  }

  private void one(char kind, byte[] path, DirectoryEntry entry) {
    changes.add(new TreeDiff.Change(kind, path, null));
    if (entry.type() == FileMode.DIRECTORY) {
      waiting.push(
          kind == 'D' ? new Pair(path, entry.inode(), 0) : new Pair(path, 0, entry.inode()));
    }
  }

  private static TreeMap<byte[], DirectoryEntry> entries(FileSystem files, long directory)
      throws IOException {
    TreeMap<byte[], DirectoryEntry> all = new TreeMap<>(Arrays::compareUnsigned);
    if (directory == 0) {
      return all;
    }
    long handle = files.openDirectory(directory);
    try {
      List<DirectoryEntry> batch = files.readDirectory(handle, 0, BATCH);
      while (!batch.isEmpty()) {
        for (DirectoryEntry entry : batch) {
          all.put(entry.name(), entry);
        }
        batch = files.readDirectory(handle, batch.get(batch.size() - 1).cookie(), BATCH);
      }
    } finally {
      files.releaseDirectory(handle);
    }
    all.remove(new byte[] {'.'});
    all.remove(new byte[] {'.', '.'});
    return all;
  }
}
