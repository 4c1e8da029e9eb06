package dev.firn.region;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.snapshot.SnapshotNames;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/** The tags of volumes, snapshots and images. */
final class TagRows {
  private final Catalog catalog;

  TagRows(Catalog catalog) {
    this.catalog = catalog;
  }

  /** Sets tags of one account's resources, all of them or, when one is refused, none. */
  void set(String accountId, Collection<String> resourceIds, Map<String, String> tags) {
    Checks.tags(tags);
    catalog.transact(
        handle -> {
          resourceIds.forEach(resource -> set(handle, accountId, resource, tags));
          return null;
        });
  }

  /**
   * Takes tags away.
   *
   * @param tags by key; a value that is not null must be the tag's own
   */
  void remove(Collection<String> resourceIds, Map<String, String> tags) {
    catalog.transact(
        handle -> {
          for (String resource : resourceIds) {
            tags.forEach(
                (key, value) ->
                    handle.execute(
                        "DELETE FROM tags WHERE resource_id = ? AND tag_key = ?"
                            + " AND (tag_value = ? OR ? IS NULL)",
                        resource,
                        key,
                        value,
                        value));
          }
          return null;
        });
  }

  /**
   * The tags of an account, in the order of resources and keys.
   *
   * @param afterResource with {@code afterKey} the one behind which to begin; empty: at the start
   */
  List<Tag> all(String accountId, String afterResource, String afterKey, int limit) {
    return catalog.transact(
        handle ->
            handle
                .createQuery(
                    "SELECT resource_id, tag_key, tag_value FROM tags WHERE account_id = :account"
                        + " AND (resource_id, tag_key) > (:resource, :key)"
                        + " ORDER BY resource_id, tag_key LIMIT :limit")
                .bind("account", accountId)
                .bind("resource", afterResource)
                .bind("key", afterKey)
                .bind("limit", limit)
                .map(
                    (results, context) ->
                        new Tag(
                            results.getString("resource_id"),
                            results.getString("tag_key"),
                            results.getString("tag_value")))
                .list());
  }

  /** Makes the rows of something new. */
  static void insert(Handle handle, String accountId, String resourceId, Map<String, String> tags) {
    QuotaRows.require(handle, accountId, Quota.TAGS, tags.size());
    copy(handle, accountId, resourceId, tags);
  }

  /** As {@link #insert}, whatever the quota: for what was there before. */
  static void copy(Handle handle, String accountId, String resourceId, Map<String, String> tags) {
    tags.forEach(
        (key, value) ->
            handle.execute(
                "INSERT INTO tags (account_id, resource_id, tag_key, tag_value)"
                    + " VALUES (?, ?, ?, ?)",
                accountId,
                resourceId,
                key,
                value));
  }

  private static void set(
      Handle handle, String accountId, String resourceId, Map<String, String> tags) {
    List<String> present =
        handle
            .createQuery("SELECT tag_key FROM tags WHERE resource_id = :id")
            .bind("id", resourceId)
            .mapTo(String.class)
            .list();
    long more = tags.keySet().stream().filter(key -> !present.contains(key)).count();
    if (present.size() + more > Checks.TAGS_MAX) {
      throw new FirnException(
              ErrorKind.NO_SPACE,
              String.format(
                  "%s would have %d tags, and may have %d: take some away first",
                  SnapshotNames.printable(resourceId), present.size() + more, Checks.TAGS_MAX))
          .because("too-many-tags");
    }
    QuotaRows.require(handle, accountId, Quota.TAGS, more);
    tags.forEach(
        (key, value) -> {
          int changed =
              handle.execute(
                  "UPDATE tags SET tag_value = ? WHERE resource_id = ? AND tag_key = ?",
                  value,
                  resourceId,
                  key);
          if (changed == 0) {
            copy(handle, accountId, resourceId, Map.of(key, value));
          }
        });
  }

  /** Reads one row of a resource. */
  @FunctionalInterface
  interface Reader<T> {
    T read(ResultSet results) throws SQLException;
  }

  /** Puts each resource's rows, one for each tag, together, in the order of the query. */
  static <T> List<T> joined(Query query, Reader<T> reader, Function<T, Map<String, String>> tags) {
    Map<Long, T> rows = new LinkedHashMap<>();
    query
        .map(
            (results, context) -> {
              long number = results.getLong("number");
              T row = rows.get(number);
              if (row == null) {
                row = reader.read(results);
                rows.put(number, row);
              }
              String key = results.getString("tag_key");
              if (key != null) {
                tags.apply(row).put(key, results.getString("tag_value"));
              }
              return number;
            })
        .list();
    return new ArrayList<>(rows.values());
  }
}
