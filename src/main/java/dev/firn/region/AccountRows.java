package dev.firn.region;

import dev.firn.base.FirnException;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** Accounts' rows. */
final class AccountRows {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final long FIRST = 100_000_000_000L;
  private static final long COUNT = 900_000_000_000L;

  private final Catalog catalog;
  private final Clock clock;

  AccountRows(Catalog catalog, Clock clock) {
    this.catalog = catalog;
    this.clock = clock;
  }

  /** Makes an account; CONFLICT if the name is taken. */
  Account insert(String name) {
    return catalog.transact(
        handle -> {
          int taken =
              handle
                  .createQuery("SELECT COUNT(*) FROM accounts WHERE name = :name")
                  .bind("name", name)
                  .mapTo(Integer.class)
                  .one();
          if (taken > 0) {
            throw FirnException.conflict("account '%s' exists already: choose another name", name);
          }
          String id;
          do {
            id = Long.toString(FIRST + (RANDOM.nextLong() >>> 1) % COUNT);
          } while (find(handle, id) != null);
          Account row = new Account(id, name, Instant.ofEpochMilli(clock.millis()));
          handle.execute(
              "INSERT INTO accounts (id, name, created_at_millis) VALUES (?, ?, ?)",
              row.id(),
              row.name(),
              row.createdAt().toEpochMilli());
          return row;
        });
  }

  /** Sees to it that there is a row; one that is missing is named after its id. */
  static void require(Handle handle, String id) {
    handle.execute(
        "INSERT INTO accounts (id, name, created_at_millis) VALUES (?, ?, 0)"
            + " ON CONFLICT DO NOTHING",
        id,
        "account-" + id);
  }

  /** By their ids. */
  List<Account> all() {
    return catalog.transact(
        handle ->
            handle
                .createQuery("SELECT * FROM accounts ORDER BY id")
                .map((results, context) -> read(results))
                .list());
  }

  /** The account, or null. */
  Account find(String id) {
    return catalog.transact(handle -> find(handle, id));
  }

  static Account find(Handle handle, String id) {
    return handle
        .createQuery("SELECT * FROM accounts WHERE id = :id")
        .bind("id", id)
        .map((results, context) -> read(results))
        .findOne()
        .orElse(null);
  }

  private static Account read(ResultSet results) throws SQLException {
    long createdAtMillis = results.getLong("created_at_millis");
    return new Account(
        results.getString("id"),
        results.getString("name"),
        createdAtMillis == 0 ? null : Instant.ofEpochMilli(createdAtMillis));
  }
}
