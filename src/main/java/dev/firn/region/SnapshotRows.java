package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.snapshot.CopyRequest;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotRecords;
import dev.firn.snapshot.SnapshotRequest;
import dev.firn.snapshot.SnapshotState;
import dev.firn.vfs.VolumeKind;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.Query;

/** Snapshots' rows with their tags. */
final class SnapshotRows implements SnapshotRecords {
  /** One row for each tag; a snapshot without tags has one row too. */
  private static final String ROWS =
      "SELECT s.*, t.tag_key, t.tag_value FROM snapshots s"
          + " LEFT JOIN tags t ON t.resource_id = s.id WHERE %s ORDER BY s.number, t.tag_key";

  private final Catalog catalog;
  private final Clock clock;

  SnapshotRows(Catalog catalog, Clock clock) {
    this.catalog = catalog;
    this.clock = clock;
  }

  @Override
  public Snapshot insert(SnapshotRequest request) {
    return catalog.transact(
        handle -> {
          Volume volume = VolumeRows.find(handle, "number", request.volumeNumber());
          if (volume == null || volume.state() != VolumeState.AVAILABLE) {
            throw FirnException.notFound("the volume to take a snapshot of is gone");
          }
          String account = volume.accountId();
          requireFreeName(handle, account, volume.id(), volume.name(), request.name());
          QuotaRows.require(handle, account, Quota.SNAPSHOTS, 1);
          QuotaRows.require(handle, account, Quota.CONCURRENT_SNAPSHOTS, 1);
          QuotaRows.require(handle, account, Quota.TAGS, request.tags().size());
          String fresh = freshId(handle);
          Snapshot row =
              new Snapshot(
                  fresh,
                  nextNumber(handle),
                  request.name(),
                  volume.number(),
                  volume.id(),
                  volume.name(),
                  volume.kind(),
                  SnapshotState.IN_QUEUE,
                  0,
                  request.description(),
                  volume.sizeBytes(),
                  Instant.ofEpochMilli(clock.millis()),
                  Map.copyOf(request.tags()),
                  null,
                  account,
                  fresh);
          insert(handle, row);
          CloudRows.keep(handle, request.token(), row.id());
          return row;
        });
  }

  /** An id that no snapshot has. */
  static String freshId(Handle handle) {
    return Ids.fresh("snap", id -> find(handle, "s.id", id).isEmpty());
  }

  @Override
  public Snapshot insertCopy(CopyRequest request) {
    return catalog.transact(
        handle -> {
          Snapshot source = onlyOf(find(handle, "s.number", request.sourceNumber()));
          if (source == null || source.state() != SnapshotState.COMPLETED) {
            throw FirnException.notFound("the snapshot to copy is gone");
          }
          String account = request.accountId();
          requireFreeName(handle, account, Snapshot.NO_VOLUME_ID, "", request.name());
          QuotaRows.require(handle, account, Quota.SNAPSHOTS, 1);
          QuotaRows.require(handle, account, Quota.CONCURRENT_SNAPSHOTS, 1);
          String fresh = freshId(handle);
          Snapshot row =
              new Snapshot(
                  fresh,
                  nextNumber(handle),
                  request.name(),
                  source.volumeNumber(),
                  Snapshot.NO_VOLUME_ID,
                  source.volumeName(),
                  source.kind(),
                  SnapshotState.IN_QUEUE,
                  0,
                  request.description(),
                  source.sizeBytes(),
                  Instant.ofEpochMilli(clock.millis()),
                  Map.of(),
                  null,
                  account,
                  fresh);
          insert(handle, row);
          CloudRows.keep(handle, request.token(), row.id());
          return row;
        });
  }

  @Override
  public Snapshot find(long number) {
    return catalog.transact(handle -> onlyOf(find(handle, "s.number", number)));
  }

  /** In two steps, each of which has an index: with OR between them all of the volume is read. */
  @Override
  public Snapshot findCompleted(String volumeId, String nameOrId) {
    return catalog.transact(
        handle ->
            onlyOf(
                list(
                    handle
                        .createQuery(
                            String.format(
                                ROWS,
                                "s.number = COALESCE((SELECT number FROM snapshots WHERE volume_id"
                                    + " = :volume AND name = :name AND state = 'completed' AND"
                                    + " state NOT IN ('deleting', 'error')), (SELECT number FROM"
                                    + " snapshots WHERE id = :name AND name IS NULL AND volume_id"
                                    + " = :volume AND state = 'completed'))"))
                        .bind("volume", volumeId)
                        .bind("name", nameOrId))));
  }

  @Override
  public List<Snapshot> completed(String volumeId, long after, long upTo, int limit) {
    return catalog.transact(
        handle ->
            list(
                handle
                    .createQuery(
                        String.format(
                            ROWS,
                            "s.number IN (SELECT number FROM snapshots WHERE volume_id = :volume"
                                + " AND number > :after AND number <= :upTo AND state ="
                                + " 'completed' ORDER BY number LIMIT :limit)"))
                    .bind("volume", volumeId)
                    .bind("after", after)
                    .bind("upTo", upTo)
                    .bind("limit", limit)));
  }

  @Override
  public long newestNumber(String volumeId) {
    return catalog.transact(
        handle ->
            handle
                .createQuery(
                    "SELECT COALESCE(MAX(number), 0) FROM snapshots WHERE volume_id = :volume")
                .bind("volume", volumeId)
                .mapTo(Long.class)
                .one());
  }

  @Override
  public List<Snapshot> unfinished() {
    return catalog.transact(
        handle ->
            list(
                handle.createQuery(
                    String.format(
                        ROWS,
                        "s.state IN ('in-queue', 'pending', 'deleting') AND s.number NOT IN"
                            + " (SELECT snapshot_number FROM remote_imports)"))));
  }

  @Override
  public long countOfMap(long volumeNumber) {
    return catalog.transact(
        handle ->
            handle
                .createQuery("SELECT COUNT(*) FROM snapshots WHERE volume_number = :number")
                .bind("number", volumeNumber)
                .mapTo(Long.class)
                .one());
  }

  /** All snapshots whose column has this value, in any state, oldest first. */
  List<Snapshot> by(String column, Object value) {
    return catalog.transact(handle -> find(handle, "s." + column, value));
  }

  /** All snapshots of an account, in any state, oldest first. */
  List<Snapshot> of(String accountId) {
    return by("account_id", accountId);
  }

  /**
   * The snapshots that an account may see, its own and those shared with it, with numbers above
   * {@code after}: the first {@code limit} of them, oldest first, in any state.
   */
  List<Snapshot> visible(String accountId, long after, int limit) {
    return catalog.transact(
        handle ->
            list(
                handle
                    .createQuery(
                        String.format(
                            ROWS,
                            "s.number IN (SELECT number FROM (SELECT number FROM (SELECT number"
                                + " FROM snapshots WHERE account_id = :account AND number > :after"
                                + " ORDER BY number LIMIT :limit) UNION SELECT number FROM (SELECT"
                                + " shared.number FROM permissions p JOIN snapshots shared ON"
                                + " shared.id = p.resource_id WHERE p.account_id IN (:account,"
                                + " 'all') AND shared.number > :after ORDER BY shared.number LIMIT"
                                + " :limit)) ORDER BY number LIMIT :limit)"))
                    .bind("account", accountId)
                    .bind("after", after)
                    .bind("limit", limit)));
  }

  /** All snapshots, in any state, oldest first. */
  List<Snapshot> all() {
    return catalog.transact(handle -> list(handle.createQuery(String.format(ROWS, "1 = 1"))));
  }

  /**
   * The completed snapshot of a volume that is the {@code back}th when counted from the newest, 1;
   * or null.
   */
  Snapshot newest(String volumeId, int back) {
    return catalog.transact(
        handle ->
            onlyOf(
                list(
                    handle
                        .createQuery(
                            String.format(
                                ROWS,
                                "s.number = (SELECT number FROM snapshots WHERE volume_id = :volume"
                                    + " AND state = 'completed' ORDER BY number DESC LIMIT 1"
                                    + " OFFSET :skip)"))
                        .bind("volume", volumeId)
                        .bind("skip", back - 1))));
  }

  @Override
  public boolean volumeExists(long volumeNumber) {
    return catalog.transact(
        handle ->
            VolumeRows.find(handle, "number", volumeNumber) != null
                || ImportRows.exists(handle, volumeNumber));
  }

  @Override
  public String volumeName(long volumeNumber) {
    return catalog.transact(
        handle -> {
          Volume volume = VolumeRows.find(handle, "number", volumeNumber);
          if (volume != null) {
            return volume.name();
          }
          Snapshot left = onlyOf(find(handle, "s.volume_number", volumeNumber));
          return left != null ? left.volumeName() : "map " + volumeNumber;
        });
  }

  @Override
  public void setState(long number, SnapshotState state, int progress, String failure) {
    catalog.transact(
        handle ->
            handle
                .createUpdate(
                    "UPDATE snapshots SET state = :state, progress = :progress,"
                        + " failure = :failure WHERE number = :number")
                .bind("state", state.text())
                .bind("progress", progress)
                .bind("failure", failure)
                .bind("number", number)
                .execute());
  }

  @Override
  public void markDeleting(Collection<Long> numbers) {
    catalog.transact(
        handle -> {
          numbers.forEach(number -> requireNoImage(handle, number));
          forEach(numbers, "UPDATE snapshots SET state = 'deleting' WHERE number = ?");
          return null;
        });
  }

  @Override
  public void remove(Collection<Long> numbers) {
    forEach(
        numbers,
        "DELETE FROM tags WHERE resource_id = (SELECT id FROM snapshots WHERE number = ?)",
        "DELETE FROM snapshots WHERE number = ?");
  }

  /** The next snapshot's number; refuses when all are used up. */
  static long nextNumber(Handle handle) {
    long number = Catalog.nextNumber(handle, "snapshot");
    if (number > Snapshot.NUMBER_MAX) {
      throw FirnException.failed(
          "this home has given out all %d snapshot numbers: go on in a new home",
          Snapshot.NUMBER_MAX);
    }
    return number;
  }

  /** CONFLICT if a snapshot of this volume has the name already; null is always free. */
  static void requireFreeName(
      Handle handle, String accountId, String volumeId, String volumeName, String name) {
    if (name == null) {
      return;
    }
    int taken =
        handle
            .createQuery(
                "SELECT COUNT(*) FROM snapshots WHERE volume_id = :volume AND name = :name"
                    + " AND account_id = :account AND state NOT IN ('deleting', 'error')")
            .bind("account", accountId)
            .bind("volume", volumeId)
            .bind("name", name)
            .mapTo(Integer.class)
            .one();
    if (taken > 0) {
      throw volumeId.equals(Snapshot.NO_VOLUME_ID)
          ? FirnException.conflict(
              "an imported snapshot has the name '%s' already: choose another", name)
          : FirnException.conflict(
              "volume '%s' has a snapshot '%s' already: choose another name", volumeName, name);
    }
  }

  static void insert(Handle handle, Snapshot row) {
    handle
        .createUpdate(
            "INSERT INTO snapshots (number, id, name, volume_number, volume_id, volume_name,"
                + " kind, state, progress, description, size_bytes, created_at_millis, failure,"
                + " account_id, origin_id) VALUES"
                + " (:number, :id, :name, :volumeNumber, :volumeId, :volumeName, :kind, :state,"
                + " :progress, :description, :sizeBytes, :createdAtMillis, :failure, :accountId,"
                + " :originId)")
        .bind("number", row.number())
        .bind("id", row.id())
        .bind("name", row.name())
        .bind("volumeNumber", row.volumeNumber())
        .bind("volumeId", row.volumeId())
        .bind("volumeName", row.volumeName())
        .bind("kind", row.kind().text())
        .bind("state", row.state().text())
        .bind("progress", row.progress())
        .bind("description", row.description())
        .bind("sizeBytes", row.sizeBytes())
        .bind("createdAtMillis", row.createdAt().toEpochMilli())
        .bind("failure", row.failure())
        .bind("accountId", row.accountId())
        .bind("originId", row.originId())
        .execute();
    TagRows.copy(handle, row.accountId(), row.id(), row.tags());
  }

  /** Makes the row of a snapshot that had no content yet what it is with it. */
  static void complete(Handle handle, Snapshot row) {
    handle
        .createUpdate(
            "UPDATE snapshots SET volume_number = :volumeNumber, volume_name = :volumeName,"
                + " kind = :kind, state = :state, progress = :progress, size_bytes = :sizeBytes,"
                + " created_at_millis = :createdAtMillis, origin_id = :originId"
                + " WHERE number = :number")
        .bind("volumeNumber", row.volumeNumber())
        .bind("volumeName", row.volumeName())
        .bind("kind", row.kind().text())
        .bind("state", row.state().text())
        .bind("progress", row.progress())
        .bind("sizeBytes", row.sizeBytes())
        .bind("createdAtMillis", row.createdAt().toEpochMilli())
        .bind("originId", row.originId())
        .bind("number", row.number())
        .execute();
  }

  /** All rows whose column (with its alias) has this value. */
  static List<Snapshot> find(Handle handle, String column, Object value) {
    return list(handle.createQuery(String.format(ROWS, column + " = :value")).bind("value", value));
  }

  private void forEach(Collection<Long> numbers, String... statements) {
    if (numbers.isEmpty()) {
      return;
    }
    catalog.transact(
        handle -> {
          for (String statement : statements) {
            try (PreparedBatch batch = handle.prepareBatch(statement)) {
              numbers.forEach(number -> batch.bind(0, number).add());
              batch.execute();
            }
          }
          return null;
        });
  }

  /** An image that lacks a snapshot would be of no use. */
  private static void requireNoImage(Handle handle, long number) {
    handle
        .createQuery(
            "SELECT m.image_id, s.id FROM snapshots s JOIN image_mappings m ON m.snapshot_id = s.id"
                + " WHERE s.number = :number LIMIT 1")
        .bind("number", number)
        .mapToMap()
        .findOne()
        .ifPresent(
            used -> {
              throw FirnException.conflict(
                      "image %s is made of snapshot %s: delete the image first",
                      used.get("image_id"), used.get("id"))
                  .because("invalid-state");
            });
  }

  private static Snapshot onlyOf(List<Snapshot> found) {
    return found.isEmpty() ? null : found.get(0);
  }

  /** Puts each snapshot's rows, one for each tag, together. */
  private static List<Snapshot> list(Query query) {
    return TagRows.joined(query, SnapshotRows::read, Snapshot::tags);
  }

  private static Snapshot read(ResultSet results) throws SQLException {
    return new Snapshot(
        results.getString("id"),
        results.getLong("number"),
        results.getString("name"),
        results.getLong("volume_number"),
        results.getString("volume_id"),
        results.getString("volume_name"),
        VolumeKind.of(results.getString("kind")),
        SnapshotState.of(results.getString("state")),
        results.getInt("progress"),
        results.getString("description"),
        results.getLong("size_bytes"),
        Instant.ofEpochMilli(results.getLong("created_at_millis")),
        new LinkedHashMap<>(),
        results.getString("failure"),
        results.getString("account_id"),
        results.getString("origin_id"));
  }
}
