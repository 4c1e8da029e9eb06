package dev.firn.region;

import dev.firn.snapshot.ClientToken;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import dev.firn.vfs.VolumeKind;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/** Where the content of snapshots is that have none yet. */
final class RemoteImportRows {
  private final Catalog catalog;
  private final Clock clock;

  RemoteImportRows(Catalog catalog, Clock clock) {
    this.catalog = catalog;
    this.clock = clock;
  }

  /** Opens a sealed URL. */
  @FunctionalInterface
  interface Opener {
    String open(String accountId, String sealed) throws IOException;
  }

  Snapshot insert(
      String accountId,
      String description,
      long sizeBytes,
      String sealedLocation,
      ClientToken token) {
    return catalog.transact(
        handle -> {
          Snapshot row = insert(handle, clock, accountId, description, sizeBytes, sealedLocation);
          CloudRows.keep(handle, token, row.id());
          return row;
        });
  }

  static Snapshot insert(
      Handle handle,
      Clock clock,
      String accountId,
      String description,
      long sizeBytes,
      String sealedLocation) {
    QuotaRows.require(handle, accountId, Quota.SNAPSHOTS, 1);
    QuotaRows.require(handle, accountId, Quota.CONCURRENT_SNAPSHOTS, 1);
    String fresh = SnapshotRows.freshId(handle);
    Snapshot row =
        new Snapshot(
            fresh,
            SnapshotRows.nextNumber(handle),
            null,
            // Of its own, though there is no such map, so that it can be deleted alone.
            Catalog.nextNumber(handle, "volume"),
            Snapshot.NO_VOLUME_ID,
            "",
            VolumeKind.BLOCK,
            SnapshotState.IN_QUEUE,
            0,
            description,
            sizeBytes,
            Instant.ofEpochMilli(clock.millis()),
            Map.of(),
            null,
            accountId,
            fresh);
    SnapshotRows.insert(handle, row);
    handle.execute(
        "INSERT INTO remote_imports (snapshot_number, sealed_location) VALUES (?, ?)",
        row.number(),
        sealedLocation);
    return row;
  }

  List<RemoteImports.Pending> unfinished(Opener opener) throws IOException {
    record Found(long number, String sealedLocation) {}
    List<Found> found =
        catalog.transact(
            handle ->
                handle
                    .createQuery("SELECT * FROM remote_imports ORDER BY snapshot_number")
                    .map(
                        (results, context) ->
                            new Found(
                                results.getLong("snapshot_number"),
                                results.getString("sealed_location")))
                    .list());
    List<RemoteImports.Pending> all = new ArrayList<>();
    for (Found each : found) {
      Snapshot row =
          catalog.transact(handle -> SnapshotRows.find(handle, "s.number", each.number()).get(0));
      all.add(new RemoteImports.Pending(row, opener.open(row.accountId(), each.sealedLocation())));
    }
    return all;
  }

  void progress(long number, int percent) {
    catalog.transact(
        handle ->
            handle.execute(
                "UPDATE snapshots SET state = 'pending', progress = ? WHERE number = ? AND number"
                    + " IN (SELECT snapshot_number FROM remote_imports)",
                percent,
                number));
  }

  void fail(long number, String reason) {
    catalog.transact(
        handle -> {
          int failed =
              handle.execute(
                  "UPDATE snapshots SET state = 'error', failure = ? WHERE number = ? AND number IN"
                      + " (SELECT snapshot_number FROM remote_imports)",
                  reason,
                  number);
          remove(handle, number);
          return failed;
        });
  }

  static int remove(Handle handle, long number) {
    return handle.execute("DELETE FROM remote_imports WHERE snapshot_number = ?", number);
  }
}
