package dev.firn.region;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;

/** Who but the owner may use a snapshot or an image. */
final class PermissionRows {
  private static final String EVERYBODY = "all";

  private final Catalog catalog;

  PermissionRows(Catalog catalog) {
    this.catalog = catalog;
  }

  Permissions of(String resourceId) {
    return catalog.transact(handle -> of(handle, resourceId));
  }

  /** Those of many, by resource; none where there is no entry. */
  Map<String, Permissions> of(Collection<String> resourceIds) {
    if (resourceIds.isEmpty()) {
      return Map.of();
    }
    return catalog.transact(
        handle -> {
          Map<String, List<String>> accounts = new TreeMap<>();
          handle
              .createQuery(
                  "SELECT resource_id, account_id FROM permissions WHERE resource_id IN (<ids>)"
                      + " ORDER BY account_id")
              .bindList("ids", List.copyOf(resourceIds))
              .map(
                  (results, context) ->
                      accounts
                          .computeIfAbsent(
                              results.getString("resource_id"), id -> new ArrayList<>())
                          .add(results.getString("account_id")))
              .list();
          Map<String, Permissions> all = new TreeMap<>();
          accounts.forEach((id, rows) -> all.put(id, permissions(rows)));
          return all;
        });
  }

  void add(String resourceId, Permissions added) {
    catalog.transact(
        handle -> {
          add(handle, resourceId, added);
          return null;
        });
  }

  static void add(Handle handle, String resourceId, Permissions added) {
    for (String account : rows(added)) {
      handle.execute(
          "INSERT INTO permissions (resource_id, account_id) VALUES (?, ?)"
              + " ON CONFLICT DO NOTHING",
          resourceId,
          account);
    }
  }

  void remove(String resourceId, Permissions removed) {
    catalog.transact(
        handle -> {
          for (String account : rows(removed)) {
            handle.execute(
                "DELETE FROM permissions WHERE resource_id = ? AND account_id = ?",
                resourceId,
                account);
          }
          return null;
        });
  }

  static Permissions of(Handle handle, String resourceId) {
    List<String> accounts =
        handle
            .createQuery(
                "SELECT account_id FROM permissions WHERE resource_id = :id ORDER BY account_id")
            .bind("id", resourceId)
            .mapTo(String.class)
            .list();
    return accounts.isEmpty() ? Permissions.NONE : permissions(accounts);
  }

  private static Permissions permissions(List<String> accounts) {
    boolean everybody = accounts.remove(EVERYBODY);
    return new Permissions(everybody, accounts);
  }

  private static List<String> rows(Permissions permissions) {
    List<String> rows = new ArrayList<>(permissions.accountIds());
    if (permissions.everybody()) {
      rows.add(EVERYBODY);
    }
    return rows;
  }
}
