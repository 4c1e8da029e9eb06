package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.snapshot.ClientToken;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/** What the API keeps of volumes beside what they are: types, attachments, updates, tokens. */
final class CloudRows {
  private final Catalog catalog;
  private final Clock clock;

  CloudRows(Catalog catalog, Clock clock) {
    this.catalog = catalog;
    this.clock = clock;
  }

  /** What was set, by the volumes' ids. */
  Map<String, VolumeOffer> offers(String accountId) {
    return catalog.transact(
        handle -> {
          Map<String, VolumeOffer> offers = new LinkedHashMap<>();
          handle
              .createQuery(
                  "SELECT o.* FROM volume_offers o JOIN volumes v ON v.id = o.volume_id"
                      + " WHERE v.account_id = :account")
              .bind("account", accountId)
              .map(
                  (results, context) ->
                      offers.put(
                          results.getString("volume_id"), offer(results, "volume_type", "iops")))
              .list();
          return offers;
        });
  }

  VolumeOffer offer(String volumeId) {
    return catalog.transact(handle -> offer(handle, volumeId));
  }

  static VolumeOffer offer(Handle handle, String volumeId) {
    return handle
        .createQuery("SELECT * FROM volume_offers WHERE volume_id = :id")
        .bind("id", volumeId)
        .map((results, context) -> offer(results, "volume_type", "iops"))
        .findOne()
        .orElse(VolumeOffer.STANDARD);
  }

  void setOffer(String volumeId, VolumeOffer offer) {
    catalog.transact(handle -> setOffer(handle, volumeId, offer));
  }

  static int setOffer(Handle handle, String volumeId, VolumeOffer offer) {
    handle.execute("DELETE FROM volume_offers WHERE volume_id = ?", volumeId);
    return handle.execute(
        "INSERT INTO volume_offers (volume_id, volume_type, iops) VALUES (?, ?, ?)",
        volumeId,
        offer.type(),
        offer.iops());
  }

  Map<String, Attachment> attachments() {
    return catalog.transact(
        handle -> {
          Map<String, Attachment> all = new LinkedHashMap<>();
          handle
              .createQuery("SELECT * FROM attachments ORDER BY volume_id")
              .map(
                  (results, context) -> {
                    Attachment row =
                        new Attachment(
                            results.getString("volume_id"),
                            results.getString("vm_id"),
                            results.getString("device_name"),
                            Path.of(results.getString("directory")),
                            Instant.ofEpochMilli(results.getLong("linked_at_millis")));
                    return all.put(row.volumeId(), row);
                  })
              .list();
          return all;
        });
  }

  /** CONFLICT if the machine has another volume under that device's name. */
  Attachment attach(String volumeId, String vmId, String deviceName, Path directory) {
    return catalog.transact(
        handle -> {
          handle.execute("DELETE FROM attachments WHERE volume_id = ?", volumeId);
          int taken =
              handle
                  .createQuery(
                      "SELECT COUNT(*) FROM attachments WHERE vm_id = :vm AND device_name = :device")
                  .bind("vm", vmId)
                  .bind("device", deviceName)
                  .mapTo(Integer.class)
                  .one();
          if (taken > 0) {
            throw FirnException.conflict(
                    "%s of %s is another volume: unlink that, or choose another device name",
                    deviceName, vmId)
                .because("device-in-use");
          }
          Attachment row =
              new Attachment(
                  volumeId, vmId, deviceName, directory, Instant.ofEpochMilli(clock.millis()));
          handle.execute(
              "INSERT INTO attachments (volume_id, vm_id, device_name, directory,"
                  + " linked_at_millis) VALUES (?, ?, ?, ?, ?)",
              volumeId,
              vmId,
              deviceName,
              directory.toString(),
              row.linkedAt().toEpochMilli());
          return row;
        });
  }

  void detach(String volumeId) {
    catalog.transact(
        handle -> handle.execute("DELETE FROM attachments WHERE volume_id = ?", volumeId));
  }

  UpdateTask beginUpdate(
      String accountId, String volumeId, UpdateTask.Size origin, UpdateTask.Size target) {
    return catalog.transact(
        handle -> {
          UpdateTask task =
              new UpdateTask(
                  Ids.fresh("vol-update", id -> isFree(handle, id)),
                  Catalog.nextNumber(handle, "task"),
                  accountId,
                  volumeId,
                  UpdateTask.ACTIVE,
                  null,
                  origin,
                  target,
                  Instant.ofEpochMilli(clock.millis()),
                  null);
          handle
              .createUpdate(
                  "INSERT INTO volume_update_tasks (number, id, account_id, volume_id, state,"
                      + " origin_size_bytes, origin_type, origin_iops, target_size_bytes,"
                      + " target_type, target_iops, started_at_millis) VALUES (:number, :id,"
                      + " :account, :volume, :state, :originBytes, :originType, :originIops,"
                      + " :targetBytes, :targetType, :targetIops, :started)")
              .bind("number", task.number())
              .bind("id", task.id())
              .bind("account", accountId)
              .bind("volume", volumeId)
              .bind("state", task.state())
              .bind("originBytes", origin.sizeBytes())
              .bind("originType", origin.offer().type())
              .bind("originIops", origin.offer().iops())
              .bind("targetBytes", target.sizeBytes())
              .bind("targetType", target.offer().type())
              .bind("targetIops", target.offer().iops())
              .bind("started", task.startedAt().toEpochMilli())
              .execute();
          return task;
        });
  }

  /**
   * @param comment why it failed; null: it is completed
   */
  void endUpdate(String taskId, String comment) {
    catalog.transact(
        handle ->
            handle.execute(
                "UPDATE volume_update_tasks SET state = ?, comment = ?, completed_at_millis = ?"
                    + " WHERE id = ?",
                comment == null ? UpdateTask.COMPLETED : UpdateTask.FAILED,
                comment,
                clock.millis(),
                taskId));
  }

  /** Those of an account with numbers above {@code after}, the first {@code limit}. */
  List<UpdateTask> updates(String accountId, long after, int limit) {
    return catalog.transact(
        handle ->
            handle
                .createQuery(
                    "SELECT * FROM volume_update_tasks WHERE account_id = :account"
                        + " AND number > :after ORDER BY number LIMIT :limit")
                .bind("account", accountId)
                .bind("after", after)
                .bind("limit", limit)
                .map((results, context) -> task(results))
                .list());
  }

  /** Those that a crash cut short. */
  List<UpdateTask> activeUpdates() {
    return catalog.transact(
        handle ->
            handle
                .createQuery("SELECT * FROM volume_update_tasks WHERE state = 'active'")
                .map((results, context) -> task(results))
                .list());
  }

  /** A request that was done before. */
  record Done(String argumentsDigest, String resourceId) {}

  /** What the request did before, with these arguments or others; null: nothing. */
  Done done(ClientToken token) {
    return catalog.transact(
        handle ->
            handle
                .createQuery(
                    "SELECT * FROM client_tokens WHERE account_id = :account AND action = :action"
                        + " AND token = :token")
                .bind("account", token.accountId())
                .bind("action", token.action())
                .bind("token", token.token())
                .map(
                    (results, context) ->
                        new Done(
                            results.getString("arguments_digest"),
                            results.getString("resource_id")))
                .findOne()
                .orElse(null));
  }

  /** Notes, in the transaction that makes it, with what a resource is made; null: nothing. */
  static void keep(Handle handle, ClientToken token, String resourceId) {
    if (token != null) {
      handle.execute(
          "INSERT INTO client_tokens (account_id, action, token, arguments_digest, resource_id)"
              + " VALUES (?, ?, ?, ?, ?)",
          token.accountId(),
          token.action(),
          token.token(),
          token.argumentsDigest(),
          resourceId);
    }
  }

  /**
   * Forgets a request that failed, so that the next one tries again; but not one that came so far
   * that what it was to make is there, or may still come.
   */
  void forgetFailed(ClientToken token) {
    catalog.transact(
        handle ->
            handle.execute(
                "DELETE FROM client_tokens WHERE account_id = ? AND action = ? AND token = ?"
                    + " AND NOT EXISTS (SELECT 1 FROM volumes v"
                    + " WHERE v.id = resource_id AND v.state <> 'creating')"
                    + " AND NOT EXISTS (SELECT 1 FROM snapshots s"
                    + " WHERE s.id = resource_id AND s.state <> 'error')",
                token.accountId(),
                token.action(),
                token.token()));
  }

  /** Forgets with what token something was asked for that did not come to be. */
  static void forget(Handle handle, String resourceId) {
    handle.execute("DELETE FROM client_tokens WHERE resource_id = ?", resourceId);
  }

  /** The tokens that resources were made with, by their ids. */
  Map<String, String> tokens(Collection<String> resourceIds) {
    if (resourceIds.isEmpty()) {
      return Map.of();
    }
    return catalog.transact(
        handle -> {
          Map<String, String> tokens = new LinkedHashMap<>();
          handle
              .createQuery(
                  "SELECT resource_id, token FROM client_tokens WHERE resource_id IN (<ids>)")
              .bindList("ids", List.copyOf(resourceIds))
              .map(
                  (results, context) ->
                      tokens.put(results.getString("resource_id"), results.getString("token")))
              .list();
          return tokens;
        });
  }

  private static boolean isFree(Handle handle, String taskId) {
    return handle
        .createQuery("SELECT number FROM volume_update_tasks WHERE id = :id")
        .bind("id", taskId)
        .mapTo(Long.class)
        .findOne()
        .isEmpty();
  }

  private static UpdateTask task(ResultSet results) throws SQLException {
    long completedAtMillis = results.getLong("completed_at_millis");
    boolean completed = !results.wasNull();
    return new UpdateTask(
        results.getString("id"),
        results.getLong("number"),
        results.getString("account_id"),
        results.getString("volume_id"),
        results.getString("state"),
        results.getString("comment"),
        new UpdateTask.Size(
            results.getLong("origin_size_bytes"), offer(results, "origin_type", "origin_iops")),
        new UpdateTask.Size(
            results.getLong("target_size_bytes"), offer(results, "target_type", "target_iops")),
        Instant.ofEpochMilli(results.getLong("started_at_millis")),
        completed ? Instant.ofEpochMilli(completedAtMillis) : null);
  }

  private static VolumeOffer offer(ResultSet results, String typeColumn, String iopsColumn)
      throws SQLException {
    int iops = results.getInt(iopsColumn);
    Integer given = results.wasNull() ? null : iops;
    return new VolumeOffer(results.getString(typeColumn), given);
  }
}
