package dev.firn.vfs;

import dev.firn.map.FrozenMap;
import dev.firn.map.MapView;
import dev.firn.map.VolumeMap;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.util.LinkedHashMap;
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

  private static final int FROZEN_KEPT_MAX = 64;

  private final VolumeMap map;
  private final Inodes inodes;
  private final Entries entries;
  private final Lifetimes lifetimes;
  private final Handles<Opened> handles = new Handles<>();

  /**
   * Frozen roots that someone may still list, by directory, longest unused first: good as long as
   * the directory's state is the same, so that listing does not slow down writing elsewhere.
   */
  private final Map<Long, Kept> frozen =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Kept> eldest) {
          return size() > FROZEN_KEPT_MAX;
        }
      };

  Directories(Inodes inodes, Entries entries, Lifetimes lifetimes) {
    this.map = inodes.map();
    this.inodes = inodes;
    this.entries = entries;
    this.lifetimes = lifetimes;
  }

  /** What a listing follows from; different whenever the listing is. */
  private record State(long directory, long parent, long version) {}

  private record Kept(State state, WeakReference<FrozenMap> root) {}

  private record Listed(State state, DirectoryListing listing) {}

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
    DirectoryListing listing;
    synchronized (opened) {
      if (cookie == 0) {
        refresh(opened);
      }
      listing = opened.listed.listing();
    }
    return listing.read(cookie, limit);
  }

  void release(long handle) throws IOException {
    lifetimes.endUse(handles.remove(handle).directory, 1);
  }

  private void refresh(Opened opened) throws IOException {
    State state = map.read(view -> state(view, opened.directory));
    if (!state.equals(opened.listed.state())) {
      opened.listed = list(opened.directory);
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
                  DirectoryListing.copy(view, directory, state.parent(), COPIED_ENTRIES_MAX));
            });
    if (copied.listing() != null) {
      return copied;
    }
    State state = copied.state();
    return new Listed(state, DirectoryListing.frozen(frozen(state), directory, state.parent()));
  }

  /** A root in which the directory is in this state, or in a later one. */
  private FrozenMap frozen(State state) throws IOException {
    synchronized (frozen) {
      Kept kept = frozen.get(state.directory());
      FrozenMap root = kept == null || !kept.state().equals(state) ? null : kept.root().get();
      if (root == null) {
        root = map.freezeUnsealed();
        frozen.put(state.directory(), new Kept(state, new WeakReference<>(root)));
      }
      return root;
    }
  }
}
