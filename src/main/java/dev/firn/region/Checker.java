package dev.firn.region;

import dev.firn.map.FrozenMap;
import dev.firn.map.MapStore;
import dev.firn.map.Scrub;
import dev.firn.map.VolumeMap;
import dev.firn.snapshot.MapPool;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import dev.firn.store.CorruptDataException;
import dev.firn.vfs.PathFinder;
import dev.firn.vfs.TreeCheck;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Clock;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * Checks that everything fits together: the trees' structure, the file systems in them, and the
 * catalog against the store. Others work on meanwhile, so what does not agree is looked at twice.
 * For one thread.
 */
final class Checker {
  /** Finding a path can take as long as checking the tree. */
  private static final int PATHS_MAX = 100;

  private final MapStore store;
  private final MapPool maps;
  private final RootNames names;
  private final Volumes volumes;
  private final SnapshotRows snapshots;
  private final ImportRows imports;
  private final ScrubListener listener;

  /** The snapshots whose roots were seen. */
  private final Set<Long> stored = new HashSet<>();

  private long problems;

  Checker(
      MapStore store,
      MapPool maps,
      RootNames names,
      Volumes volumes,
      SnapshotRows snapshots,
      ImportRows imports,
      ScrubListener listener) {
    this.store = store;
    this.maps = maps;
    this.names = names;
    this.volumes = volumes;
    this.snapshots = snapshots;
    this.imports = imports;
    this.listener = listener;
  }

  long run(boolean headsOnly) throws IOException {
    Scrubber structure =
        new Scrubber(
            store,
            maps,
            names,
            volumes,
            imports,
            Scrub.Depth.TREES,
            listener,
            0,
            null,
            Clock.systemUTC());
    structure.run();
    Set<Long> present = new HashSet<>(maps.list());
    for (long number : present) {
      Runnable left = volumes.holdForReading(number);
      try {
        maps.with(
            number,
            map -> {
              map(map, headsOnly);
              return null;
            });
      } catch (NoSuchFileException e) {
        // Deleted meanwhile.
      } catch (CorruptDataException e) {
        // Told by the structure's check.
      } finally {
        left.run();
      }
    }
    rows();
    return structure.damages() + problems;
  }

  private void map(VolumeMap map, boolean headsOnly) throws IOException {
    long number = map.number();
    if (imports.exists(number)) {
      // Half made; nobody sees it before it is whole.
      return;
    }
    Volume row = names.volumes().find(number);
    if (row != null && row.state() == VolumeState.AVAILABLE) {
      if (!Arrays.equals(map.metadata(), VolumeMetadata.encode(row))
          && row.equals(names.volumes().find(number))) {
        told(
            number,
            null,
            "does not say in the store what the catalog says of it: mounting it will mend that");
      }
      if (map.failure() != null) {
        // What the file system holds back cannot be put into the map, and is not all in it.
        told(
            number,
            null,
            "is read-only since writing failed, so its files are not checked: mount it anew");
      } else {
        try (FrozenMap head = map.freeze()) {
          files(number, null, head);
        }
      }
    } else if (!snapshots.volumeExists(number) && snapshots.countOfMap(number) == 0) {
      told(number, null, "is in the store but not in the catalog");
    }
    for (VolumeMap.FrozenRoot root : map.frozenRoots()) {
      stored.add(root.number());
      if (snapshots.find(root.number()) == null && isFrozen(map, root.number())) {
        told(number, root.number(), "is in the store but not in the catalog");
      }
      if (!headsOnly) {
        try (FrozenMap frozen = map.frozen(root.number())) {
          if (frozen != null) {
            files(number, root.number(), frozen);
          }
        }
      }
    }
  }

  private static boolean isFrozen(VolumeMap map, long snapshot) throws IOException {
    try (FrozenMap root = map.frozen(snapshot)) {
      return root != null;
    }
  }

  private void files(long number, Long snapshot, FrozenMap root) throws IOException {
    TreeCheck.run(
        root,
        (inode, problem) -> {
          byte[] path = null;
          if (inode != 0 && problems < PATHS_MAX) {
            try {
              path = PathFinder.pathOf(root, inode);
            } catch (IOException e) {
              // Without a path, then.
            }
          }
          told(number, snapshot, path, inode == 0 ? problem : "inode " + inode + " " + problem);
        });
  }

  /** What the catalog has must be in the store. */
  private void rows() throws IOException {
    for (Volume row : names.volumes().all()) {
      if (row.state() == VolumeState.AVAILABLE
          && !maps.exists(row.number())
          && row.equals(names.volumes().find(row.number()))) {
        told(row.number(), null, "is in the catalog but not in the store");
      }
    }
    for (Snapshot row : snapshots.all()) {
      if (isCompleted(row) && !stored.contains(row.number()) && !isInStore(row)) {
        Snapshot now = snapshots.find(row.number());
        if (now != null && isCompleted(now)) {
          told(row.volumeNumber(), row.number(), "is in the catalog but not in the store");
        }
      }
    }
  }

  private static boolean isCompleted(Snapshot row) {
    return row.state() == SnapshotState.COMPLETED;
  }

  private boolean isInStore(Snapshot row) throws IOException {
    try {
      return maps.with(row.volumeNumber(), map -> isFrozen(map, row.number()));
    } catch (NoSuchFileException e) {
      return false;
    } catch (CorruptDataException e) {
      // There, though it cannot be read, which was told.
      return true;
    }
  }

  private void told(long number, Long snapshot, String problem) throws IOException {
    told(number, snapshot, null, problem);
  }

  private void told(long number, Long snapshot, byte[] path, String problem) throws IOException {
    problems++;
    listener.damaged(
        new ScrubListener.Damage(
            names.volume(number),
            snapshot == null ? null : names.snapshot(snapshot),
            path,
            0,
            0,
            problem));
  }
}
