package dev.firn.region;

import dev.firn.base.DaemonThreads;
import dev.firn.base.FirnException;
import java.io.Closeable;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who called the API, when, with what outcome. Entries are durable within a second: one commit of
 * the catalog for each call would slow all of them down. Safe for concurrent use.
 */
public final class ApiLogs implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(ApiLogs.class);
  private static final Duration KEPT = Duration.ofDays(90);

  /** More than that in a second are not calls but an attack; the oldest of them are kept. */
  private static final int WAITING_MAX = 20_000;

  private final Catalog catalog;
  private final Clock clock;
  private final ScheduledExecutorService writer;

  /** What is not written yet. Guarded by itself. */
  private final List<ApiLog> waiting = new ArrayList<>();

  private long lost;
  private boolean closed;

  ApiLogs(Catalog catalog, Clock clock) {
    this.catalog = catalog;
    this.clock = clock;
    writer = Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("api-logs"));
    writer.scheduleWithFixedDelay(this::flushQuietly, 1, 1, TimeUnit.SECONDS);
    writer.scheduleWithFixedDelay(this::forgetOld, 0, 1, TimeUnit.HOURS);
  }

  /** Keeps a call; its number is given out when it is written. */
  public void add(ApiLog entry) {
    synchronized (waiting) {
      if (waiting.size() == WAITING_MAX) {
        lost++;
        return;
      }
      waiting.add(entry);
    }
  }

  /**
   * The calls of an account in a span of time, oldest first.
   *
   * @param after the number of the entry behind which to begin, 0: at the start
   */
  public List<ApiLog> read(String accountId, Instant from, Instant until, long after, int limit) {
    flush();
    return catalog.transact(
        handle ->
            handle
                .createQuery(
                    "SELECT * FROM api_logs WHERE account_id = :account AND called_at_millis >="
                        + " :from AND called_at_millis <= :until AND number > :after"
                        + " ORDER BY number LIMIT :limit")
                .bind("account", accountId)
                .bind("from", from.toEpochMilli())
                .bind("until", until.toEpochMilli())
                .bind("after", after)
                .bind("limit", limit)
                .map((results, context) -> read(results))
                .list());
  }

  @Override
  public void close() {
    synchronized (waiting) {
      if (closed) {
        return;
      }
      closed = true;
    }
    writer.shutdown();
    try {
      if (!writer.awaitTermination(10, TimeUnit.SECONDS)) {
        LOG.warn("The log of API calls is still being written");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    flushQuietly();
  }

  private void flushQuietly() {
    try {
      flush();
    } catch (RuntimeException e) {
      LOG.warn("Calls of the API are not in the catalog's log", e);
    }
  }

  private void flush() {
    List<ApiLog> entries;
    synchronized (waiting) {
      if (lost > 0) {
        LOG.warn("{} calls of the API are missing in the log: too many at once", lost);
        lost = 0;
      }
      if (waiting.isEmpty()) {
        return;
      }
      entries = List.copyOf(waiting);
      waiting.clear();
    }
    catalog.transact(
        handle -> {
          try (PreparedBatch batch =
              handle.prepareBatch(
                  "INSERT INTO api_logs (number, account_id, request_id, access_key_id, call_name,"
                      + " called_at_millis, duration_micros, ip_address, user_agent, api_version,"
                      + " header_raw, header_bytes, payload_raw, payload_bytes, response_bytes,"
                      + " status_code) VALUES (:number, :account, :request, :key, :call, :at,"
                      + " :duration, :ip, :agent, :version, :header, :headerBytes, :payload,"
                      + " :payloadBytes, :responseBytes, :status)")) {
            for (ApiLog entry : entries) {
              batch
                  .bind("number", Catalog.nextNumber(handle, "api-log"))
                  .bind("account", entry.accountId())
                  .bind("request", entry.requestId())
                  .bind("key", entry.accessKeyId())
                  .bind("call", entry.callName())
                  .bind("at", entry.calledAt().toEpochMilli())
                  .bind("duration", entry.durationMicros())
                  .bind("ip", entry.ipAddress())
                  .bind("agent", entry.userAgent())
                  .bind("version", entry.apiVersion())
                  .bind("header", entry.headerRaw())
                  .bind("headerBytes", entry.headerBytes())
                  .bind("payload", entry.payloadRaw())
                  .bind("payloadBytes", entry.payloadBytes())
                  .bind("responseBytes", entry.responseBytes())
                  .bind("status", entry.statusCode())
                  .add();
            }
            batch.execute();
          }
          return null;
        });
  }

  private void forgetOld() {
    try {
      catalog.transact(
          handle ->
              handle.execute(
                  "DELETE FROM api_logs WHERE called_at_millis < ?",
                  clock.instant().minus(KEPT).toEpochMilli()));
    } catch (FirnException e) {
      LOG.warn("Old calls of the API stay in the log", e);
    }
  }

  private static ApiLog read(ResultSet results) throws SQLException {
    return new ApiLog(
        results.getLong("number"),
        results.getString("account_id"),
        results.getString("request_id"),
        results.getString("access_key_id"),
        results.getString("call_name"),
        Instant.ofEpochMilli(results.getLong("called_at_millis")),
        results.getLong("duration_micros"),
        results.getString("ip_address"),
        results.getString("user_agent"),
        results.getString("api_version"),
        results.getString("header_raw"),
        results.getLong("header_bytes"),
        results.getString("payload_raw"),
        results.getLong("payload_bytes"),
        results.getLong("response_bytes"),
        results.getInt("status_code"));
  }
}
