package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.vfs.VolumeKind;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** Volumes' rows. */
final class VolumeRows {
  private final Catalog catalog;
  private final Clock clock;

  VolumeRows(Catalog catalog, Clock clock) {
    this.catalog = catalog;
    this.clock = clock;
  }

  /** Makes a row in state creating; CONFLICT if the name is taken. */
  Volume insert(
      String name,
      VolumeKind kind,
      long sizeBytes,
      String compression,
      String subregion,
      String sourceSnapshotId) {
    return catalog.transact(
        handle -> {
          requireFreeName(handle, name);
          Volume row =
              new Volume(
                  Ids.fresh("vol", id -> isFreeId(handle, id)),
                  Catalog.nextNumber(handle, "volume"),
                  name,
                  kind,
                  sizeBytes,
                  VolumeState.CREATING,
                  compression,
                  subregion,
                  sourceSnapshotId,
                  Instant.ofEpochMilli(clock.millis()));
          insert(handle, row);
          return row;
        });
  }

  static void insert(Handle handle, Volume row) {
    handle
        .createUpdate(
            "INSERT INTO volumes (number, id, name, kind, size_bytes, state, compression,"
                + " subregion, source_snapshot_id, created_at_millis) VALUES (:number, :id,"
                + " :name, :kind, :sizeBytes, :state, :compression, :subregion,"
                + " :sourceSnapshotId, :createdAtMillis)")
        .bind("number", row.number())
        .bind("id", row.id())
        .bind("name", row.name())
        .bind("kind", row.kind().text())
        .bind("sizeBytes", row.sizeBytes())
        .bind("state", row.state().text())
        .bind("compression", row.compression())
        .bind("subregion", row.subregion())
        .bind("sourceSnapshotId", row.sourceSnapshotId())
        .bind("createdAtMillis", row.createdAt().toEpochMilli())
        .execute();
  }

  /** All rows, oldest first. */
  List<Volume> all() {
    return catalog.transact(
        handle ->
            handle
                .createQuery("SELECT * FROM volumes ORDER BY number")
                .map((results, context) -> read(results))
                .list());
  }

  /** The row with this id, or the one with this name that is not being deleted; or null. */
  Volume find(String idOrName) {
    return catalog.transact(
        handle -> {
          Volume byId = find(handle, "id", idOrName);
          return byId != null ? byId : findNamed(handle, idOrName);
        });
  }

  Volume find(long number) {
    return catalog.transact(handle -> find(handle, "number", number));
  }

  void setState(long number, VolumeState state) {
    set(number, "state", state.text());
  }

  void setSize(long number, long sizeBytes) {
    set(number, "size_bytes", sizeBytes);
  }

  /** Renames the volume, also where its snapshots name it; CONFLICT if the name is taken. */
  void rename(Volume volume, String name) {
    catalog.transact(
        handle -> {
          if (!name.equals(volume.name())) {
            requireFreeName(handle, name);
          }
          handle.execute("UPDATE volumes SET name = ? WHERE number = ?", name, volume.number());
          return handle.execute(
              "UPDATE snapshots SET volume_name = ? WHERE volume_id = ?", name, volume.id());
        });
  }

  void remove(long number) {
    catalog.transact(handle -> handle.execute("DELETE FROM volumes WHERE number = ?", number));
  }

  static Volume find(Handle handle, String column, Object value) {
    return handle
        .createQuery("SELECT * FROM volumes WHERE " + column + " = :value")
        .bind("value", value)
        .map((results, context) -> read(results))
        .findOne()
        .orElse(null);
  }

  private void set(long number, String column, Object value) {
    catalog.transact(
        handle ->
            handle
                .createUpdate("UPDATE volumes SET " + column + " = :value WHERE number = :number")
                .bind("value", value)
                .bind("number", number)
                .execute());
  }

  private static Volume findNamed(Handle handle, String name) {
    return handle
        .createQuery("SELECT * FROM volumes WHERE name = :name AND state <> 'deleting'")
        .bind("name", name)
        .map((results, context) -> read(results))
        .findOne()
        .orElse(null);
  }

  private static void requireFreeName(Handle handle, String name) {
    if (findNamed(handle, name) != null) {
      throw FirnException.conflict("volume '%s' exists already: choose another name", name);
    }
  }

  /** Ids of deleted volumes live on in their snapshots. */
  private static boolean isFreeId(Handle handle, String id) {
    return find(handle, "id", id) == null && SnapshotRows.find(handle, "s.volume_id", id).isEmpty();
  }

  private static Volume read(ResultSet results) throws SQLException {
    return new Volume(
        results.getString("id"),
        results.getLong("number"),
        results.getString("name"),
        VolumeKind.of(results.getString("kind")),
        results.getLong("size_bytes"),
        VolumeState.of(results.getString("state")),
        results.getString("compression"),
        results.getString("subregion"),
        results.getString("source_snapshot_id"),
        Instant.ofEpochMilli(results.getLong("created_at_millis")));
  }
}
