package dev.firn.region;

import dev.firn.base.FirnException;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Limits and what is used of them. What is used is counted by the catalog itself with each row that
 * comes or goes, so that the cost of a check does not grow with what there is.
 */
final class QuotaRows {
  private final Catalog catalog;

  QuotaRows(Catalog catalog) {
    this.catalog = catalog;
  }

  List<QuotaUse> all(String accountId) {
    return catalog.transact(
        handle -> {
          List<QuotaUse> uses = new ArrayList<>();
          for (Quota quota : Quota.values()) {
            long used = used(handle, accountId, quota);
            uses.add(
                new QuotaUse(
                    quota,
                    maxValue(handle, accountId, quota),
                    (used + quota.unit() - 1) / quota.unit()));
          }
          return uses;
        });
  }

  /** Sets a limit; 0: none. What is there already stays. */
  void set(String accountId, Quota quota, long maxValue) {
    if (maxValue < 0) {
      throw FirnException.usage("quota %s cannot be %d: 0 means no limit", quota.text(), maxValue);
    }
    catalog.transact(
        handle -> {
          handle.execute(
              "DELETE FROM quotas WHERE account_id = ? AND name = ?", accountId, quota.text());
          return maxValue == 0
              ? 0
              : handle.execute(
                  "INSERT INTO quotas (account_id, name, max_value) VALUES (?, ?, ?)",
                  accountId,
                  quota.text(),
                  maxValue);
        });
  }

  /**
   * Refuses, in the transaction that would do it, what goes beyond a limit.
   *
   * @param more how much is to come, in the counter's unit (bytes for {@link Quota#VOLUME_GIB})
   */
  static void require(Handle handle, String accountId, Quota quota, long more) {
    long maxValue = maxValue(handle, accountId, quota);
    if (maxValue > 0
        && more > 0
        && used(handle, accountId, quota) > maxValue * quota.unit() - more) {
      throw quota.exceeded(accountId, maxValue);
    }
  }

  static long maxValue(Handle handle, String accountId, Quota quota) {
    return handle
        .createQuery("SELECT max_value FROM quotas WHERE account_id = :account AND name = :name")
        .bind("account", accountId)
        .bind("name", quota.text())
        .mapTo(Long.class)
        .findOne()
        .orElse(0L);
  }

  private static long used(Handle handle, String accountId, Quota quota) {
    if (quota.counter() == null) {
      return handle
          .createQuery(
              "SELECT COUNT(*) FROM snapshots WHERE account_id = :account"
                  + " AND state IN ('in-queue', 'pending')")
          .bind("account", accountId)
          .mapTo(Long.class)
          .one();
    }
    return handle
        .createQuery("SELECT used FROM quota_usage WHERE account_id = :account AND name = :name")
        .bind("account", accountId)
        .bind("name", quota.counter())
        .mapTo(Long.class)
        .findOne()
        .orElse(0L);
  }
}
