package dev.firn.region;

import java.time.Clock;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** The rows of copies in other Regions. */
final class RegionCopyRows {
  private final Catalog catalog;
  private final Clock clock;

  RegionCopyRows(Catalog catalog, Clock clock) {
    this.catalog = catalog;
    this.clock = clock;
  }

  List<RegionCopies.RegionCopy> of(String accountId, String regionName) {
    return catalog.transact(
        handle ->
            handle
                .createQuery(
                    "SELECT snapshot_id, copy_id FROM region_copies WHERE account_id = :account"
                        + " AND region_name = :region ORDER BY copied_at_millis DESC, snapshot_id")
                .bind("account", accountId)
                .bind("region", regionName)
                .map(
                    (results, context) ->
                        new RegionCopies.RegionCopy(
                            results.getString("snapshot_id"), results.getString("copy_id")))
                .list());
  }

  void put(String accountId, String regionName, RegionCopies.RegionCopy copy) {
    catalog.transact(
        handle -> {
          remove(handle, accountId, regionName, copy.snapshotId());
          return handle.execute(
              "INSERT INTO region_copies (snapshot_id, account_id, region_name, copy_id,"
                  + " copied_at_millis) VALUES (?, ?, ?, ?, ?)",
              copy.snapshotId(),
              accountId,
              regionName,
              copy.copyId(),
              clock.millis());
        });
  }

  void remove(String accountId, String regionName, String snapshotId) {
    catalog.transact(handle -> remove(handle, accountId, regionName, snapshotId));
  }

  private static int remove(Handle handle, String accountId, String regionName, String snapshotId) {
    return handle.execute(
        "DELETE FROM region_copies WHERE account_id = ? AND region_name = ? AND snapshot_id = ?",
        accountId,
        regionName,
        snapshotId);
  }
}
