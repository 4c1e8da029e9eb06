package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.snapshot.Snapshot;
import java.time.Clock;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** The block maps that imports are filling. */
final class ImportRows {
  private final Catalog catalog;
  private final Clock clock;

  ImportRows(Catalog catalog, Clock clock) {
    this.catalog = catalog;
    this.clock = clock;
  }

  /**
   * Makes a row; answers the number for its block map.
   *
   * @param hasSnapshot whether the snapshot's row is there already, and counted
   */
  long insert(String accountId, String snapshotName, boolean hasSnapshot) {
    return catalog.transact(
        handle -> {
          if (!hasSnapshot) {
            requireRoom(handle, accountId, snapshotName, 0);
          }
          long volumeNumber = Catalog.nextNumber(handle, "volume");
          handle.execute(
              "INSERT INTO imports (volume_number, started_at_millis) VALUES (?, ?)",
              volumeNumber,
              clock.millis());
          return volumeNumber;
        });
  }

  List<Long> all() {
    return catalog.transact(
        handle ->
            handle
                .createQuery("SELECT volume_number FROM imports ORDER BY volume_number")
                .mapTo(Long.class)
                .list());
  }

  /** An unused number and id for the snapshot. */
  record Identity(String id, long number) {}

  Identity newIdentity() {
    return catalog.transact(
        handle -> new Identity(SnapshotRows.freshId(handle), SnapshotRows.nextNumber(handle)));
  }

  /**
   * Fails as {@link #publish} would now for want of a free name, or for a quota.
   *
   * @param tags how many it has
   */
  void requireRoom(String accountId, String snapshotName, int tags) {
    catalog.transact(
        handle -> {
          requireRoom(handle, accountId, snapshotName, tags);
          return null;
        });
  }

  private static void requireRoom(Handle handle, String accountId, String snapshotName, int tags) {
    SnapshotRows.requireFreeName(handle, accountId, Snapshot.NO_VOLUME_ID, null, snapshotName);
    QuotaRows.require(handle, accountId, Quota.SNAPSHOTS, 1);
    QuotaRows.require(handle, accountId, Quota.TAGS, tags);
  }

  /** Puts the snapshot's row in the place of the import's, in one step. */
  void publish(Snapshot row) {
    catalog.transact(
        handle -> {
          requireRoom(handle, row.accountId(), row.name(), row.tags().size());
          SnapshotRows.insert(handle, row);
          return remove(handle, row.volumeNumber());
        });
  }

  /** Completes the row of a snapshot that waited for its content, in one step. */
  void fill(Snapshot row) {
    catalog.transact(
        handle -> {
          if (RemoteImportRows.remove(handle, row.number()) != 1) {
            throw FirnException.conflict("snapshot %s does not wait for its content", row.id());
          }
          SnapshotRows.complete(handle, row);
          return remove(handle, row.volumeNumber());
        });
  }

  void remove(long volumeNumber) {
    catalog.transact(handle -> remove(handle, volumeNumber));
  }

  boolean exists(long volumeNumber) {
    return catalog.transact(handle -> exists(handle, volumeNumber));
  }

  static boolean exists(Handle handle, long volumeNumber) {
    return handle
        .createQuery("SELECT volume_number FROM imports WHERE volume_number = :number")
        .bind("number", volumeNumber)
        .mapTo(Long.class)
        .findOne()
        .isPresent();
  }

  private static int remove(Handle handle, long volumeNumber) {
    if (handle.execute("DELETE FROM imports WHERE volume_number = ?", volumeNumber) != 1) {
      throw FirnException.failed("import %d is over already", volumeNumber);
    }
    return 1;
  }
}
