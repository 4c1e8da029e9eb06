package dev.firn.snapshot;

/** Is told of all snapshots that come and go. Called without locks; must neither wait nor throw. */
interface SnapshotWatcher {
  /** A snapshot is completed. Its state in the row given here may be an earlier one. */
  default void appeared(Snapshot snapshot) {}

  /** A snapshot has lost its name and goes with its last lease. */
  void leaving(Snapshot snapshot);
}
