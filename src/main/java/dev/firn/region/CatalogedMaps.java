package dev.firn.region;

import dev.firn.snapshot.MapPool;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import dev.firn.store.CorruptDataException;
import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;

/** The block maps that a catalog says are there. */
final class CatalogedMaps {
  private CatalogedMaps() {}

  /** The numbers of those of available volumes and completed snapshots. */
  static Set<Long> numbers(VolumeRows volumes, SnapshotRows snapshots) {
    Set<Long> numbers = new TreeSet<>();
    for (Volume row : volumes.all()) {
      if (row.state() == VolumeState.AVAILABLE) {
        numbers.add(row.number());
      }
    }
    for (Snapshot row : snapshots.all()) {
      if (row.state() == SnapshotState.COMPLETED) {
        numbers.add(row.volumeNumber());
      }
    }
    return numbers;
  }

  /**
   * Sees to it that all are in the store: one whose superblock is lost looks as if it had been
   * deleted, though its log may still have everything.
   */
  static void require(VolumeRows volumes, SnapshotRows snapshots, MapPool maps) throws IOException {
    Set<Long> missing = numbers(volumes, snapshots);
    missing.removeAll(maps.list());
    if (!missing.isEmpty()) {
      // Those that were deleted in between have no such rows any more.
      missing.retainAll(numbers(volumes, snapshots));
    }
    if (!missing.isEmpty()) {
      throw new CorruptDataException(
          "superblocks of maps "
              + missing
              + " are missing; until 'firn check --rebuild-catalog' has made them anew from the"
              + " logs, nothing is given back");
    }
  }
}
