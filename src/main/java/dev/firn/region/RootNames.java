package dev.firn.region;

import dev.firn.map.ScrubVisitor;
import dev.firn.snapshot.Snapshot;

/** How users call the roots that a store knows by numbers. */
record RootNames(VolumeRows volumes, SnapshotRows snapshots) {
  /** The volume's name, or what is known of a map without one. */
  String volume(long mapNumber) {
    Volume row = volumes.find(mapNumber);
    return row != null ? row.name() : "map " + mapNumber;
  }

  /** The snapshot's name or id; null for {@link ScrubVisitor#HEAD} and the table of snapshots. */
  String snapshot(long number) {
    if (number == ScrubVisitor.HEAD || number == ScrubVisitor.TABLE) {
      return null;
    }
    Snapshot row = snapshots.find(number);
    return row == null ? "number " + number : row.nameOrId();
  }
}
