package dev.firn.vfs;

import dev.firn.map.FrozenMap;
import dev.firn.map.MapView;
import dev.firn.map.VolumeMap;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The open directories of a live volume. A listing is of the moment when it was opened or, if the
 * directory has changed by then, last read from the start: a kernel that caches what it reads there
 * must get nothing older than the changes it knows of. Safe for concurrent use.
 */
final class Directories {
  /** Few entries are copied; for more the tree is frozen, whose next writer copies its path. */
  private static final int COPIED_ENTRIES_MAX = 512;

  private final VolumeMap map;
  private final Inodes inodes;
  private final Entries entries;
  private final Lifetimes lifetimes;
  private final Handles<Opened> handles = new Handles<>();

  /**
   * The frozen roots that are being listed, by directory: good for the next listing as long as the
   * directory's state is the same. Guarded by itself.
   */
  private final Map<Long, Frozen> frozen = new HashMap<>();

  Directories(Inodes inodes, Entries entries, Lifetimes lifetimes) {
    this.map = inodes.map();
    this.inodes = inodes;
    this.entries = entries;
    this.lifetimes = lifetimes;
  }

  /** What a listing follows from; different whenever the listing is. */
  private record State(long directory, long parent, long version) {}

  /** A root that listings share; given back with the last of them. */
  private static final class Frozen {
    private final State state;
    private final FrozenMap root;
    private int listings;

    private Frozen(State state, FrozenMap root) {
      this.state = state;
      this.root = root;
    }
  }

  /**
   * @param root what the listing walks, or null for a copy
   */
  private record Listed(State state, DirectoryListing listing, Frozen root) {}

  private static final class Opened {
    private final long directory;
    private Listed listed;

    private Opened(long directory, Listed listed) {
      this.directory = directory;
      this.listed = listed;
    }
  }

  long open(long directory) throws IOException {
    lifetimes.use(directory);
    try {
      return handles.add(new Opened(directory, list(directory)));
    } catch (IOException | RuntimeException e) {
      lifetimes.endUse(directory, 1);
      throw e;
    }
  }

  List<DirectoryEntry> read(long handle, long cookie, int limit) throws IOException {
    Opened opened = handles.get(handle);
    synchronized (opened) {
      if (cookie == 0) {
        refresh(opened);
      }
      return opened.listed.listing().read(cookie, limit);
    }
  }

  void release(long handle) throws IOException {
    Opened opened = handles.remove(handle);
    synchronized (opened) {
      giveBack(opened.listed);
    }
    lifetimes.endUse(opened.directory, 1);
  }

  private void refresh(Opened opened) throws IOException {
    State state = map.read(view -> state(view, opened.directory));
    if (!state.equals(opened.listed.state())) {
      Listed old = opened.listed;
      opened.listed = list(opened.directory);
      giveBack(old);
    }
  }

  private State state(MapView view, long number) throws IOException {
    Inode directory = inodes.require(view, number).requireDirectory();
    return new State(number, directory.parent, entries.version(number));
  }

  private Listed list(long directory) throws IOException {
    Listed copied =
        map.read(
            view -> {
              State state = state(view, directory);
              return new Listed(
                  state,
                  DirectoryListing.copy(view, directory, state.parent(), COPIED_ENTRIES_MAX),
                  null);
            });
    if (copied.listing() != null) {
      return copied;
    }
    State state = copied.state();
    Frozen root = frozen(state);
    return new Listed(state, DirectoryListing.frozen(root.root, directory, state.parent()), root);
  }

  /** A root in which the directory is in this state, or in a later one. */
  private Frozen frozen(State state) throws IOException {
    synchronized (frozen) {
      Frozen shared = frozen.get(state.directory());
      if (shared == null || !shared.state.equals(state)) {
        shared = new Frozen(state, map.freezeUnsealed());
        frozen.put(state.directory(), shared);
      }
      shared.listings++;
      return shared;
    }
  }

  private void giveBack(Listed listed) {
    Frozen root = listed.root();
    if (root == null) {
      return;
    }
    synchronized (frozen) {
      root.listings--;
      if (root.listings == 0) {
        root.root.close();
        frozen.remove(root.state.directory(), root);
      }
    }
  }
}
