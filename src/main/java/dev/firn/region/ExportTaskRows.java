package dev.firn.region;

import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/** The rows of exports to buckets, with their tags. */
final class ExportTaskRows {
  private static final int COMMENT_CHARACTERS_MAX = 1_000;

  /** One row for each tag; a task without tags has one row too. */
  private static final String ROWS =
      "SELECT e.*, t.tag_key, t.tag_value FROM export_tasks e"
          + " LEFT JOIN tags t ON t.resource_id = e.id WHERE %s ORDER BY e.number, t.tag_key";

  private final Catalog catalog;
  private final Clock clock;

  ExportTaskRows(Catalog catalog, Clock clock) {
    this.catalog = catalog;
    this.clock = clock;
  }

  /** Seals a task's secret, by the id that it gets. */
  @FunctionalInterface
  interface Sealer {
    String seal(String id) throws IOException;
  }

  ExportTask insert(
      String prefix, String accountId, String resourceId, ExportTask.Target target, Sealer sealer)
      throws IOException {
    String id =
        catalog.transact(handle -> Ids.fresh(prefix, each -> find(handle, "e.id", each).isEmpty()));
    String sealed = sealer.seal(id);
    return catalog.transact(
        handle -> {
          handle
              .createUpdate(
                  "INSERT INTO export_tasks (number, id, account_id, resource_id, disk_format,"
                      + " endpoint, bucket, prefix, key_id, sealed_secret, state, progress,"
                      + " created_at_millis) VALUES (:number, :id, :account, :resource, :format,"
                      + " :endpoint, :bucket, :prefix, :key, :sealed, 'pending', 0, :created)")
              .bind("number", Catalog.nextNumber(handle, "task"))
              .bind("id", id)
              .bind("account", accountId)
              .bind("resource", resourceId)
              .bind("format", target.diskFormat())
              .bind("endpoint", target.endpoint())
              .bind("bucket", target.bucket())
              .bind("prefix", target.prefix())
              .bind("key", target.keyId())
              .bind("sealed", sealed)
              .bind("created", clock.millis())
              .execute();
          return find(handle, "e.id", id).get(0);
        });
  }

  /** The task, whose ever it is, or null. */
  ExportTask find(String id) {
    List<ExportTask> found = catalog.transact(handle -> find(handle, "e.id", id));
    return found.isEmpty() ? null : found.get(0);
  }

  String sealedSecret(String id) {
    return catalog.transact(
        handle ->
            handle
                .createQuery("SELECT sealed_secret FROM export_tasks WHERE id = :id")
                .bind("id", id)
                .mapTo(String.class)
                .one());
  }

  List<ExportTask> of(String accountId, long after, int limit) {
    return catalog.transact(
        handle ->
            list(
                handle
                    .createQuery(
                        String.format(
                            ROWS,
                            "e.number IN (SELECT number FROM export_tasks WHERE account_id ="
                                + " :account AND number > :after ORDER BY number LIMIT :limit)"))
                    .bind("account", accountId)
                    .bind("after", after)
                    .bind("limit", limit)));
  }

  List<ExportTask> unfinished() {
    return catalog.transact(
        handle ->
            list(handle.createQuery(String.format(ROWS, "e.state IN ('pending', 'active')"))));
  }

  /**
   * Changes a task that is not over; whether it did.
   *
   * @param progress null: as it is
   */
  boolean update(
      String id, ExportTask.State state, Integer progress, String comment, String manifestUrl) {
    return catalog.transact(
        handle ->
            handle
                    .createUpdate(
                        "UPDATE export_tasks SET state = :state, progress = COALESCE(:progress, progress),"
                            + " comment = :comment, manifest_url = :manifest, ended_at_millis = :ended"
                            + " WHERE id = :id AND state IN ('pending', 'active')")
                    .bind("state", state.text())
                    .bind("progress", progress)
                    .bind("comment", limited(comment))
                    .bind("manifest", manifestUrl)
                    .bind("ended", state.isOver() ? clock.millis() : null)
                    .bind("id", id)
                    .execute()
                > 0);
  }

  private static String limited(String text) {
    return text == null || text.length() <= COMMENT_CHARACTERS_MAX
        ? text
        : text.substring(0, COMMENT_CHARACTERS_MAX);
  }

  private static List<ExportTask> find(Handle handle, String column, Object value) {
    return list(handle.createQuery(String.format(ROWS, column + " = :value")).bind("value", value));
  }

  private static List<ExportTask> list(Query query) {
    return TagRows.joined(query, ExportTaskRows::read, ExportTask::tags);
  }

  private static ExportTask read(ResultSet results) throws SQLException {
    long endedAtMillis = results.getLong("ended_at_millis");
    boolean ended = !results.wasNull();
    return new ExportTask(
        results.getString("id"),
        results.getLong("number"),
        results.getString("account_id"),
        results.getString("resource_id"),
        new ExportTask.Target(
            results.getString("disk_format"),
            results.getString("endpoint"),
            results.getString("bucket"),
            results.getString("prefix"),
            results.getString("key_id")),
        ExportTask.State.of(results.getString("state")),
        results.getInt("progress"),
        results.getString("comment"),
        results.getString("manifest_url"),
        new LinkedHashMap<>(),
        Instant.ofEpochMilli(results.getLong("created_at_millis")),
        ended ? Instant.ofEpochMilli(endedAtMillis) : null);
  }
}
