package dev.firn.region;

import dev.firn.base.FirnException;
import java.io.Closeable;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.function.BooleanSupplier;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * The Region's database: one connection, one transaction at a time, each durable when it returns.
 * Safe for concurrent use. A full or damaged disk is told as a {@link FirnException}.
 */
final class Catalog implements Closeable {
  /** What is done inside one transaction. */
  @FunctionalInterface
  interface Transaction<T> {
    T run(Handle handle);
  }

  /** What helps against a catalog that is missing or damaged. */
  static final String REMEDY =
      "'firn check --rebuild-catalog' makes it anew from the store, or put a copy in its place";

  private final Path file;
  private final Handle handle;
  private BooleanSupplier makesRoom = () -> false;
  private Runnable step = () -> {};

  private Catalog(Path file, Handle handle) {
    this.file = file;
    this.handle = handle;
  }

  /** Opens the database, making it or bringing its tables up to date first. */
  static Catalog open(Path file) {
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
    config.enforceForeignKeys(true);
    SQLiteDataSource source = new SQLiteDataSource(config);
    source.setUrl("jdbc:sqlite:" + file);
    try {
      Flyway flyway =
          Flyway.configure(Catalog.class.getClassLoader())
              .dataSource(source)
              .locations("classpath:db/migration")
              .load();
      for (MigrationInfo migration : flyway.info().all()) {
        if (migration.getState() == MigrationState.FUTURE_SUCCESS) {
          throw FirnException.failed(
              "catalog %s was made by a newer Firn (its version is %s): upgrade Firn",
              file, migration.getVersion());
        }
      }
      flyway.migrate();
      Catalog catalog = new Catalog(file, Jdbi.create(source).open());
      catalog.requireWhole();
      return catalog;
    } catch (FlywayException | JdbiException e) {
      throw translated(file, e);
    }
  }

  /** Finds damage at the start rather than when the damaged part is needed. */
  private void requireWhole() {
    String found;
    try {
      found = handle.createQuery("PRAGMA quick_check(1)").mapTo(String.class).one();
    } catch (JdbiException e) {
      close();
      throw translated(file, e);
    }
    if (!found.equals("ok")) {
      close();
      throw damaged(file, found);
    }
  }

  private static FirnException damaged(Path file, String problem) {
    return FirnException.corrupt(
        "catalog %s is damaged (%s): %s", file, problem.strip().replaceAll("\\s+", " "), REMEDY);
  }

  /** Asked once for room when a transaction has none; answers whether there may be some now. */
  synchronized void onFullDisk(BooleanSupplier roomMaker) {
    makesRoom = roomMaker;
  }

  /** Run before and after each transaction, by the thread that it is of. */
  synchronized void onStep(Runnable listener) {
    step = listener;
  }

  /**
   * Runs a transaction: all of it happens, or, when it throws, nothing. It may be run again when
   * the disk was full.
   */
  synchronized <T> T transact(Transaction<T> transaction) {
    step.run();
    try {
      return transactNow(transaction);
    } finally {
      step.run();
    }
  }

  private <T> T transactNow(Transaction<T> transaction) {
    try {
      return handle.inTransaction(transaction::run);
    } catch (JdbiException e) {
      if (!mayBeFull(e) || !makesRoom.getAsBoolean()) {
        throw translated(file, e);
      }
    }
    try {
      return handle.inTransaction(transaction::run);
    } catch (JdbiException e) {
      throw translated(file, e);
    }
  }

  /** SQLite does not tell a quota from a write that failed. */
  private static boolean mayBeFull(Throwable failure) {
    SQLiteException cause = cause(failure, SQLiteException.class);
    return cause != null
        && (cause.getResultCode() == SQLiteErrorCode.SQLITE_FULL
            || cause.getResultCode() == SQLiteErrorCode.SQLITE_IOERR_WRITE);
  }

  /** The failure itself or the first of its causes that is of this kind; null if none is. */
  private static <T extends Throwable> T cause(Throwable failure, Class<T> kind) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (kind.isInstance(t)) {
        return kind.cast(t);
      }
    }
    return null;
  }

  /** The next number of a counter, above all that it gave out before. */
  static long nextNumber(Handle handle, String counter) {
    handle.execute("UPDATE counters SET last_number = last_number + 1 WHERE name = ?", counter);
    return handle
        .createQuery("SELECT last_number FROM counters WHERE name = :name")
        .bind("name", counter)
        .mapTo(Long.class)
        .one();
  }

  /** Makes a counter go on above {@code number}. */
  static void raise(Handle handle, String counter, long number) {
    handle.execute(
        "UPDATE counters SET last_number = ? WHERE name = ? AND last_number < ?",
        number,
        counter,
        number);
  }

  @Override
  public synchronized void close() {
    handle.close();
  }

  /** The failure as the user shall see it; itself if it is nothing of theirs. */
  private static RuntimeException translated(Path file, RuntimeException failure) {
    FirnException known = cause(failure, FirnException.class);
    if (known != null) {
      return known;
    }
    SQLiteException sqlite = cause(failure, SQLiteException.class);
    if (sqlite != null) {
      // Extended codes have the plain one in their low byte.
      int plain = sqlite.getResultCode().code & 0xff;
      if (plain == SQLiteErrorCode.SQLITE_FULL.code) {
        return FirnException.noSpace(
            "catalog %s cannot grow: no space left on its disk, free some and try again", file);
      }
      if (plain == SQLiteErrorCode.SQLITE_CORRUPT.code
          || plain == SQLiteErrorCode.SQLITE_NOTADB.code) {
        return damaged(file, sqlite.getMessage());
      }
    }
    SQLException sql = cause(failure, SQLException.class);
    return sql == null
        ? failure
        : FirnException.failed("catalog %s failed: %s", file, sql.getMessage());
  }
}
