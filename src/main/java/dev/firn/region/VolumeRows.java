package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.snapshot.ClientToken;
import dev.firn.vfs.VolumeKind;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/** Volumes' rows. */
final class VolumeRows {
  private final Catalog catalog;
  private final Clock clock;

  VolumeRows(Catalog catalog, Clock clock) {
    this.catalog = catalog;
    this.clock = clock;
  }

  /** One row for each tag; a volume without tags has one row too. */
  private static final String ROWS =
      "SELECT v.*, t.tag_key, t.tag_value FROM volumes v"
          + " LEFT JOIN tags t ON t.resource_id = v.id WHERE %s ORDER BY v.number, t.tag_key";

  /**
   * Makes a row in state creating; CONFLICT if the account has a volume of that name, NO_SPACE if
   * it would have more than its quota.
   *
   * @param wanted id, number, state, time and tags do not matter; without a name it is called as
   *     its id is
   * @param token kept in the same step; null: none
   */
  Volume insert(Volume wanted, VolumeOffer offer, ClientToken token) {
    return catalog.transact(
        handle -> {
          String account = wanted.accountId();
          if (wanted.name() != null) {
            requireFreeName(handle, account, wanted.name());
          }
          QuotaRows.require(handle, account, Quota.VOLUMES, 1);
          QuotaRows.require(handle, account, Quota.VOLUME_GIB, wanted.sizeBytes());
          String freshId = Ids.fresh("vol", id -> isFreeId(handle, id));
          Volume row =
              new Volume(
                  freshId,
                  Catalog.nextNumber(handle, "volume"),
                  wanted.name() == null ? freshId : wanted.name(),
                  wanted.kind(),
                  wanted.sizeBytes(),
                  VolumeState.CREATING,
                  wanted.compression(),
                  wanted.subregion(),
                  wanted.sourceSnapshotId(),
                  Instant.ofEpochMilli(clock.millis()),
                  account,
                  Map.of());
          insert(handle, row);
          if (!offer.equals(VolumeOffer.STANDARD)) {
            CloudRows.setOffer(handle, row.id(), offer);
          }
          CloudRows.keep(handle, token, row.id());
          return row;
        });
  }

  static void insert(Handle handle, Volume row) {
    handle
        .createUpdate(
            "INSERT INTO volumes (number, id, name, kind, size_bytes, state, compression,"
                + " subregion, source_snapshot_id, created_at_millis, account_id) VALUES (:number,"
                + " :id, :name, :kind, :sizeBytes, :state, :compression, :subregion,"
                + " :sourceSnapshotId, :createdAtMillis, :accountId)")
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
        .bind("accountId", row.accountId())
        .execute();
    TagRows.copy(handle, row.accountId(), row.id(), row.tags());
  }

  /** All rows, oldest first. */
  List<Volume> all() {
    return catalog.transact(handle -> list(handle.createQuery(String.format(ROWS, "1 = 1"))));
  }

  /** The rows of an account, oldest first. */
  List<Volume> of(String accountId) {
    return catalog.transact(
        handle ->
            list(
                handle
                    .createQuery(String.format(ROWS, "v.account_id = :account"))
                    .bind("account", accountId)));
  }

  /**
   * The row with this id, whose ever it is, or the account's with this name that is not being
   * deleted; or null.
   */
  Volume find(String accountId, String idOrName) {
    return catalog.transact(
        handle -> {
          Volume byId = find(handle, "id", idOrName);
          return byId != null ? byId : findNamed(handle, accountId, idOrName);
        });
  }

  Volume find(long number) {
    return catalog.transact(handle -> find(handle, "number", number));
  }

  void setState(long number, VolumeState state) {
    set(number, "state", state.text());
  }

  /** NO_SPACE if the account would have more than its quota. */
  void setSize(Volume volume, long sizeBytes) {
    catalog.transact(
        handle -> {
          QuotaRows.require(
              handle, volume.accountId(), Quota.VOLUME_GIB, sizeBytes - volume.sizeBytes());
          return handle.execute(
              "UPDATE volumes SET size_bytes = ? WHERE number = ?", sizeBytes, volume.number());
        });
  }

  /**
   * How often volumes changed since their maps were told of it, by their ids; those that are not in
   * it did not.
   */
  Map<String, Long> undescribed() {
    return catalog.transact(
        handle -> {
          Map<String, Long> changes = new LinkedHashMap<>();
          handle
              .createQuery("SELECT * FROM undescribed ORDER BY volume_id")
              .map(
                  (results, context) ->
                      changes.put(results.getString("volume_id"), results.getLong("changes")))
              .list();
          return changes;
        });
  }

  /** Notes that a map was told, unless there were more changes than these. */
  void described(String volumeId, long changes) {
    catalog.transact(
        handle ->
            handle.execute(
                "DELETE FROM undescribed WHERE volume_id = ? AND changes = ?", volumeId, changes));
  }

  /** Renames the volume, also where its snapshots name it; CONFLICT if the name is taken. */
  void rename(Volume volume, String name) {
    catalog.transact(
        handle -> {
          if (!name.equals(volume.name())) {
            requireFreeName(handle, volume.accountId(), name);
          }
          handle.execute("UPDATE volumes SET name = ? WHERE number = ?", name, volume.number());
          return handle.execute(
              "UPDATE snapshots SET volume_name = ? WHERE volume_id = ?", name, volume.id());
        });
  }

  /** Removes the row of a volume that did not come to be: who asked for it may ask again. */
  void removeUnmade(Volume row) {
    catalog.transact(
        handle -> {
          CloudRows.forget(handle, row.id());
          return handle.execute("DELETE FROM volumes WHERE number = ?", row.number());
        });
  }

  void remove(long number) {
    catalog.transact(handle -> handle.execute("DELETE FROM volumes WHERE number = ?", number));
  }

  static Volume find(Handle handle, String column, Object value) {
    return onlyOf(
        list(
            handle
                .createQuery(String.format(ROWS, "v." + column + " = :value"))
                .bind("value", value)));
  }

  private static Volume onlyOf(List<Volume> found) {
    return found.isEmpty() ? null : found.get(0);
  }

  /** Puts each volume's rows, one for each tag, together. */
  private static List<Volume> list(Query query) {
    return TagRows.joined(query, VolumeRows::read, Volume::tags);
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

  private static Volume findNamed(Handle handle, String accountId, String name) {
    return onlyOf(
        list(
            handle
                .createQuery(
                    String.format(
                        ROWS,
                        "v.name = :name AND v.account_id = :account AND v.state <> 'deleting'"))
                .bind("name", name)
                .bind("account", accountId)));
  }

  private static void requireFreeName(Handle handle, String accountId, String name) {
    if (findNamed(handle, accountId, name) != null) {
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
        Instant.ofEpochMilli(results.getLong("created_at_millis")),
        results.getString("account_id"),
        new LinkedHashMap<>());
  }
}
