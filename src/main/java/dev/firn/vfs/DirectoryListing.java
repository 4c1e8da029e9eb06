package dev.firn.vfs;

import dev.firn.map.MapCursor;
import dev.firn.map.MapView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A directory's entries as they were at one moment. An entry's cookie is its position, from 1 on:
 * "." and ".." first. Safe for concurrent use.
 */
abstract class DirectoryListing {
  private static final byte[] DOT = {'.'};
  private static final byte[] DOT_DOT = {'.', '.'};
  private static final int DOTS = 2;

  private final long directory;
  private final long parent;

  DirectoryListing(long directory, long parent) {
    this.directory = directory;
    this.parent = parent;
  }

  /** At most {@code limit} entries behind a cookie. */
  final synchronized List<DirectoryEntry> read(long cookie, int limit) throws IOException {
    List<DirectoryEntry> entries = new ArrayList<>();
    long next = Math.max(0, cookie);
    for (; next < DOTS && entries.size() < limit; next++) {
      entries.add(
          next == 0
              ? new DirectoryEntry(DOT, directory, FileMode.DIRECTORY, 1)
              : new DirectoryEntry(DOT_DOT, parent, FileMode.DIRECTORY, DOTS));
    }
    if (entries.size() < limit) {
      readNames(next - DOTS, limit - entries.size(), entries);
    }
    return entries;
  }

  /** Adds entries from a position among the names on, 0 for the first. */
  abstract void readNames(long position, int limit, List<DirectoryEntry> entries)
      throws IOException;

  private static DirectoryEntry entry(long position, MapCursor cursor) {
    byte[] value = cursor.value();
    return new DirectoryEntry(
        Keys.entryNameOf(cursor.key()),
        Tree.entryInode(value),
        Tree.entryType(value),
        position + DOTS + 1);
  }

  /** A copy of a directory of few entries; null if there are more than {@code entriesMax}. */
  static DirectoryListing copy(MapView view, long directory, long parent, int entriesMax)
      throws IOException {
    List<DirectoryEntry> copied = new ArrayList<>();
    MapCursor cursor = view.cursor(Keys.first(directory, Keys.DIRENT));
    while (cursor.next() && Keys.is(cursor.key(), directory, Keys.DIRENT)) {
      if (copied.size() == entriesMax) {
        return null;
      }
      copied.add(entry(copied.size(), cursor));
    }
    return new DirectoryListing(directory, parent) {
      @Override
      void readNames(long position, int limit, List<DirectoryEntry> entries) {
        int from = (int) Math.min(position, copied.size());
        entries.addAll(copied.subList(from, (int) Math.min(from + (long) limit, copied.size())));
      }
    };
  }

  /** A directory of any size in a root that never changes. */
  static DirectoryListing frozen(MapView view, long directory, long parent) {
    return new FrozenListing(view, directory, parent);
  }

  /** Walks with a cursor; marks on the way make going back cheap. */
  private static final class FrozenListing extends DirectoryListing {
    private static final int MARK_EVERY = 1024;

    private final MapView view;
    private final long number;
    private MapCursor cursor;
    private long cursorPosition;

    /** The key at each multiple of {@link #MARK_EVERY}, as far as the walk has come. */
    private final List<byte[]> marks = new ArrayList<>();

    FrozenListing(MapView view, long directory, long parent) {
      super(directory, parent);
      this.view = view;
      this.number = directory;
      marks.add(Keys.first(number, Keys.DIRENT));
    }

    @Override
    void readNames(long position, int limit, List<DirectoryEntry> entries) throws IOException {
      if (cursor == null || cursorPosition != position) {
        int mark = (int) Math.min(position / MARK_EVERY, marks.size() - 1);
        cursor = view.cursor(marks.get(mark));
        cursorPosition = (long) mark * MARK_EVERY;
        while (cursorPosition < position && advance()) {
          cursorPosition++;
        }
      }
      for (int count = 0; count < limit && advance(); count++) {
        entries.add(entry(cursorPosition, cursor));
        cursorPosition++;
      }
    }

    private boolean advance() throws IOException {
      if (cursor == null || !cursor.next() || !Keys.is(cursor.key(), number, Keys.DIRENT)) {
        cursor = null;
        return false;
      }
      if (cursorPosition == (long) marks.size() * MARK_EVERY) {
        marks.add(cursor.key());
      }
      return true;
    }
  }
}
