package dev.firn.region;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** Access keys' rows. */
final class AccessKeyRows {
  private final Catalog catalog;

  AccessKeyRows(Catalog catalog) {
    this.catalog = catalog;
  }

  /** A key with its sealed secret. */
  record Sealed(AccessKey key, String sealedSecret) {}

  void insert(AccessKey key, String sealedSecret) {
    catalog.transact(
        handle ->
            handle
                .createUpdate(
                    "INSERT INTO access_keys (id, account_id, sealed_secret, active, tag,"
                        + " created_at_millis, changed_at_millis, expires_at_millis) VALUES (:id,"
                        + " :accountId, :sealed, :active, :tag, :created, :changed, :expires)")
                .bind("id", key.id())
                .bind("accountId", key.accountId())
                .bind("sealed", sealedSecret)
                .bind("active", key.active())
                .bind("tag", key.tag())
                .bind("created", key.createdAt().toEpochMilli())
                .bind("changed", key.changedAt().toEpochMilli())
                .bind("expires", millis(key.expiresAt()))
                .execute());
  }

  /** The key, or null. */
  Sealed find(String id) {
    return catalog.transact(handle -> find(handle, id));
  }

  /** Those of an account, by their ids. */
  List<AccessKey> of(String accountId) {
    return catalog.transact(
        handle ->
            handle
                .createQuery("SELECT * FROM access_keys WHERE account_id = :account ORDER BY id")
                .bind("account", accountId)
                .map((results, context) -> read(results).key())
                .list());
  }

  /** Replaces what may change of a key: whether it is active, tag, times. */
  void update(AccessKey key) {
    catalog.transact(
        handle ->
            handle
                .createUpdate(
                    "UPDATE access_keys SET active = :active, tag = :tag,"
                        + " changed_at_millis = :changed, expires_at_millis = :expires"
                        + " WHERE id = :id")
                .bind("id", key.id())
                .bind("active", key.active())
                .bind("tag", key.tag())
                .bind("changed", key.changedAt().toEpochMilli())
                .bind("expires", millis(key.expiresAt()))
                .execute());
  }

  void remove(String id) {
    catalog.transact(handle -> handle.execute("DELETE FROM access_keys WHERE id = ?", id));
  }

  private static Sealed find(Handle handle, String id) {
    return handle
        .createQuery("SELECT * FROM access_keys WHERE id = :id")
        .bind("id", id)
        .map((results, context) -> read(results))
        .findOne()
        .orElse(null);
  }

  private static Sealed read(ResultSet results) throws SQLException {
    long expiresAtMillis = results.getLong("expires_at_millis");
    boolean expires = !results.wasNull();
    return new Sealed(
        new AccessKey(
            results.getString("id"),
            results.getString("account_id"),
            results.getBoolean("active"),
            results.getString("tag"),
            Instant.ofEpochMilli(results.getLong("created_at_millis")),
            Instant.ofEpochMilli(results.getLong("changed_at_millis")),
            expires ? Instant.ofEpochMilli(expiresAtMillis) : null),
        results.getString("sealed_secret"));
  }

  private static Long millis(Instant time) {
    return time == null ? null : time.toEpochMilli();
  }
}
