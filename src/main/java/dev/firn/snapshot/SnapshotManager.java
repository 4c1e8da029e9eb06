package dev.firn.snapshot;

import dev.firn.base.DaemonThreads;
import dev.firn.base.FirnException;
import dev.firn.map.FrozenMap;
import dev.firn.map.VolumeMap;
import dev.firn.store.NoSpaceException;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes, lends and deletes snapshots. Safe for concurrent use.
 *
 * <p>Invariants, which hold at every instant and so after every crash:
 *
 * <ul>
 *   <li>A frozen root in the store has a row: the row is there before the freeze, and goes after
 *       the drop is durable.
 *   <li>A completed row has a durable frozen root: it is set after the commit.
 *   <li>A root is dropped only in state deleting with no lease, and a lease begins only in state
 *       completed; both are decided under one lock ({@link #leases}).
 *   <li>Snapshots of one volume are frozen in the order of their numbers.
 *   <li>A block map goes when neither a volume nor a snapshot has a row that names it.
 * </ul>
 *
 * So what a crash leaves are rows in-queue, pending or deleting, which {@link #recover} settles.
 */
public final class SnapshotManager implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotManager.class);
  private static final long CLOSE_SECONDS_MAX = 60;
  private static final long FULL_RETRY_MILLIS = 2_000;

  private final SnapshotRecords records;
  private final MapPool maps;
  private final ExecutorService workers;

  /** The last request of each volume; requests enter in the order of their rows. */
  private final Map<Long, CompletableFuture<Snapshot>> queue = new HashMap<>();

  /**
   * Held, one for each volume, from before a request's row until it is in the {@link #queue}; other
   * volumes' requests do not wait for that. Taken before the queue's own lock.
   */
  private final ConcurrentHashMap<Long, Object> orders = new ConcurrentHashMap<>();

  /** Who has leases of each snapshot. Guards itself, {@link #deferred} and going to deleting. */
  private final Map<Long, List<String>> leases = new HashMap<>();

  /** Snapshots in state deleting that wait for their last lease. */
  private final Set<Long> deferred = new HashSet<>();

  private final ConcurrentHashMap<Long, Barrier> barriers = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Long, Object> locks = new ConcurrentHashMap<>();
  private final List<SnapshotWatcher> watchers = new CopyOnWriteArrayList<>();
  private final AtomicLong changes = new AtomicLong();

  public SnapshotManager(SnapshotRecords records, MapPool maps) {
    this.records = records;
    this.maps = maps;
    this.workers = Executors.newCachedThreadPool(DaemonThreads.named("snapshots"));
  }

  /** Takes a snapshot; when this returns it is completed. */
  public Snapshot create(SnapshotRequest request) throws IOException {
    Enqueued enqueued = enqueue(request);
    try {
      return enqueued.done.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof FirnException cause) {
        throw cause;
      }
      if (e.getCause() instanceof NoSpaceException cause) {
        throw FirnException.noSpace(
            "snapshot %s failed: %s", enqueued.row.nameOrId(), reason(cause));
      }
      throw new IOException(
          "snapshot " + enqueued.row.nameOrId() + " failed: " + reason(e.getCause()), e.getCause());
    }
  }

  /** Asks for a snapshot; when this returns it is in-queue, and is taken in the background. */
  public Snapshot request(SnapshotRequest request) {
    return enqueue(request).row;
  }

  /** Waits until what was asked for of a volume is completed or failed. */
  public void awaitRequests(long volumeNumber) {
    CompletableFuture<Snapshot> last;
    synchronized (orderOf(volumeNumber)) {
      synchronized (queue) {
        last = queue.get(volumeNumber);
      }
    }
    if (last != null) {
      last.handle((snapshot, failure) -> null).join();
    }
  }

  /**
   * Copies a snapshot: the same frozen root under another number, which no deletion of the source
   * takes away. No data is copied; when this returns the copy is completed.
   */
  public Snapshot copy(CopyRequest request) throws IOException {
    try (SnapshotLease source = lease(request.sourceNumber(), "a copy")) {
      Snapshot row = records.insertCopy(request);
      return take(
          row,
          map ->
              map.copyFrozen(
                  source.snapshot().number(), row.number(), SnapshotMetadata.encode(row)));
    }
  }

  /**
   * Tells the store what the row of a completed snapshot says now. What that is good for is a
   * catalog that is lost: where it fails, everything else goes on without.
   */
  public void describe(long number) {
    try (SnapshotLease lease = lease(number, "a change of what is said of it")) {
      Snapshot row = records.find(lease.snapshot().number());
      synchronized (lockOf(row.volumeNumber())) {
        try (MapPool.Use use = maps.open(row.volumeNumber())) {
          use.map().copyFrozen(number, number, SnapshotMetadata.encode(row));
          use.map().commit();
        }
      }
    } catch (IOException | FirnException e) {
      LOG.warn("Snapshot number {} does not say in the store what it is now", number, e);
    }
  }

  /**
   * Keeps a completed snapshot readable until the lease is closed.
   *
   * @param reader what it is for, in words for those who wait for its end, like {@code an export}
   * @throws FirnException NOT_FOUND if it is gone, CONFLICT if it is in another state
   */
  public SnapshotLease lease(long number, String reader) throws IOException {
    Snapshot snapshot;
    synchronized (leases) {
      snapshot = records.find(number);
      if (snapshot == null) {
        throw FirnException.notFound("snapshot number %d does not exist", number);
      }
      if (snapshot.state() != SnapshotState.COMPLETED) {
        throw FirnException.conflict(
            "snapshot '%s' is %s, not completed: it cannot be read",
            snapshot.nameOrId(), snapshot.state().text());
      }
      leases.computeIfAbsent(number, key -> new ArrayList<>()).add(reader);
    }
    MapPool.Use use = null;
    try {
      use = maps.open(snapshot.volumeNumber());
      FrozenMap map = use.map().frozen(number);
      if (map == null) {
        throw FirnException.corrupt(
            "snapshot '%s' is in the catalog but not in volume %d's log: run 'firn check'",
            snapshot.nameOrId(), snapshot.volumeNumber());
      }
      return new SnapshotLease(this, snapshot, use, map, reader);
    } catch (IOException | RuntimeException e) {
      if (use != null) {
        use.close();
      }
      release(number, reader);
      throw e;
    }
  }

  /**
   * Deletes snapshots: at once where nobody reads them, and with their last lease elsewhere; in
   * between their state is deleting. Those that are deleting already stay so.
   *
   * @throws FirnException CONFLICT, and nothing is deleted, if one is still being taken
   */
  public void delete(Collection<Snapshot> snapshots) throws IOException {
    List<Snapshot> leaving = new ArrayList<>();
    synchronized (leases) {
      List<Long> marked = new ArrayList<>();
      for (Snapshot given : snapshots) {
        Snapshot snapshot = records.find(given.number());
        if (snapshot == null || snapshot.state() == SnapshotState.DELETING) {
          continue;
        }
        if (snapshot.state() == SnapshotState.IN_QUEUE
            || snapshot.state() == SnapshotState.PENDING) {
          throw FirnException.conflict(
              "snapshot '%s' is still being taken: delete it when it is completed",
              snapshot.nameOrId());
        }
        marked.add(snapshot.number());
        leaving.add(snapshot);
      }
      records.markDeleting(marked);
    }
    changes.incrementAndGet();
    for (Snapshot snapshot : leaving) {
      watchers.forEach(watcher -> watcher.leaving(snapshot));
    }
    synchronized (leases) {
      for (Iterator<Snapshot> i = leaving.iterator(); i.hasNext(); ) {
        long number = i.next().number();
        if (leases.containsKey(number)) {
          deferred.add(number);
          i.remove();
        }
      }
    }
    dropAll(leaving);
  }

  /**
   * Makes a volume's head equal to a snapshot of it, after keeping the head as a snapshot. Nobody
   * may have the volume open.
   *
   * @return the snapshot that keeps the old head
   */
  public Snapshot rollback(SnapshotRequest keeping, long targetNumber) throws IOException {
    try (SnapshotLease target = lease(targetNumber, "a rollback")) {
      Snapshot kept = create(keeping);
      synchronized (lockOf(keeping.volumeNumber())) {
        try (MapPool.Use use = maps.open(keeping.volumeNumber())) {
          use.map().resetTo(target.snapshot().number());
          commitRollback(use.map(), kept.number());
        }
      }
      return kept;
    }
  }

  /**
   * The head of this moment, with all that was written to it before the call; {@code use} must be
   * of the volume's map, and stay open.
   */
  public FrozenMap freezeHead(MapPool.Use use) throws IOException {
    runBarrier(use.map().number());
    return use.map().freeze();
  }

  /** Runs before each freeze of this volume from now on; null: nothing does. */
  public void setBarrier(long volumeNumber, Barrier barrier) {
    if (barrier == null) {
      barriers.remove(volumeNumber);
    } else {
      barriers.put(volumeNumber, barrier);
    }
  }

  /**
   * Settles what a crash left: to be called once, before anything else. A map that cannot be opened
   * keeps its rows as they are.
   */
  public void recover() throws IOException {
    Map<Long, List<Snapshot>> byMap =
        records.unfinished().stream()
            .collect(
                Collectors.groupingBy(Snapshot::volumeNumber, TreeMap::new, Collectors.toList()));
    for (Map.Entry<Long, List<Snapshot>> entry : byMap.entrySet()) {
      try {
        recoverMap(entry.getKey(), entry.getValue());
      } catch (IOException | FirnException e) {
        LOG.warn("Unfinished snapshots of map {} stay as they are", entry.getKey(), e);
      }
    }
  }

  /**
   * Takes a volume's head away: its block map goes, or, while snapshots need it, holds no more than
   * they do. Nobody may have the volume open, and no snapshot of it may be asked for any more.
   *
   * @param metadata what the map says of itself from now on
   * @param removeRow makes {@link SnapshotRecords#volumeExists} false; runs last
   */
  public void retireHead(long volumeNumber, byte[] metadata, Runnable removeRow)
      throws IOException {
    synchronized (lockOf(volumeNumber)) {
      if (records.countOfMap(volumeNumber) == 0) {
        maps.delete(volumeNumber);
      } else if (maps.exists(volumeNumber)) {
        try (MapPool.Use use = maps.open(volumeNumber)) {
          resetToNewest(use.map(), Set.of());
          use.map().setMetadata(metadata);
        }
      }
      removeRow.run();
    }
  }

  /** Finishes what was asked for; deletions that still wait for a lease are done at next open. */
  @Override
  public void close() {
    orders.keySet().forEach(this::awaitRequests);
    workers.shutdown();
    try {
      if (!workers.awaitTermination(CLOSE_SECONDS_MAX, TimeUnit.SECONDS)) {
        LOG.warn("Snapshots are still being taken after {} s of waiting", CLOSE_SECONDS_MAX);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Grows whenever a snapshot appears or disappears, so that others may cache names. */
  long changes() {
    return changes.get();
  }

  SnapshotRecords records() {
    return records;
  }

  void addWatcher(SnapshotWatcher watcher) {
    watchers.add(watcher);
  }

  void removeWatcher(SnapshotWatcher watcher) {
    watchers.remove(watcher);
  }

  /** Who reads a snapshot now, which its deletion waits for; in the order they came. */
  public List<String> readers(long number) {
    synchronized (leases) {
      return List.copyOf(leases.getOrDefault(number, List.of()));
    }
  }

  void release(long number, String reader) {
    synchronized (leases) {
      List<String> readers = leases.get(number);
      readers.remove(reader);
      if (readers.isEmpty()) {
        leases.remove(number);
      }
      if (leases.containsKey(number) || !deferred.remove(number)) {
        return;
      }
    }
    try {
      // Not here: the caller may be a thread that answers the kernel.
      workers.execute(() -> dropUnused(number));
    } catch (RejectedExecutionException e) {
      LOG.info("Snapshot number {} will be deleted at the next start", number);
    }
  }

  private void dropUnused(long number) {
    try {
      Snapshot snapshot = records.find(number);
      if (snapshot != null) {
        dropAll(List.of(snapshot));
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("Snapshot number {} stays in state deleting until the next start", number, e);
    }
  }

  private record Enqueued(Snapshot row, CompletableFuture<Snapshot> done) {}

  private Enqueued enqueue(SnapshotRequest request) {
    if (request.name() != null) {
      SnapshotNames.check(request.name());
    }
    synchronized (orderOf(request.volumeNumber())) {
      Snapshot row = records.insert(request);
      CompletableFuture<Snapshot> last;
      synchronized (queue) {
        last = queue.getOrDefault(row.volumeNumber(), CompletableFuture.completedFuture(null));
      }
      CompletableFuture<Snapshot> done =
          last.handleAsync(
              (previous, failure) -> {
                try {
                  return take(row);
                } catch (IOException e) {
                  throw new CompletionException(e);
                }
              },
              workers);
      synchronized (queue) {
        queue.put(row.volumeNumber(), done);
      }
      done.whenComplete(
          (snapshot, failure) -> {
            synchronized (queue) {
              queue.remove(row.volumeNumber(), done);
            }
          });
      return new Enqueued(row, done);
    }
  }

  private void runBarrier(long volumeNumber) throws IOException {
    Barrier barrier = barriers.get(volumeNumber);
    if (barrier != null) {
      barrier.run();
    }
  }

  /** What makes a frozen root. */
  @FunctionalInterface
  private interface Freeze {
    void run(VolumeMap map) throws IOException;
  }

  private Snapshot take(Snapshot row) throws IOException {
    return take(row, map -> map.freezeAs(row.number(), SnapshotMetadata.encode(row)));
  }

  private Snapshot take(Snapshot row, Freeze freeze) throws IOException {
    try {
      records.setState(row.number(), SnapshotState.PENDING, 0, null);
      if (!row.volumeId().equals(Snapshot.NO_VOLUME_ID)) {
        runBarrier(row.volumeNumber());
      }
      synchronized (lockOf(row.volumeNumber())) {
        try (MapPool.Use use = maps.open(row.volumeNumber())) {
          freeze.run(use.map());
          commitFrozen(use.map(), row.number());
        }
      }
      records.setState(row.number(), SnapshotState.COMPLETED, 100, null);
      changes.incrementAndGet();
      watchers.forEach(watcher -> watcher.appeared(row));
      Snapshot taken = records.find(row.number());
      if (taken != null
          && !Arrays.equals(SnapshotMetadata.encode(taken), SnapshotMetadata.encode(row))) {
        // It got tags meanwhile, when there was no root to say so.
        describe(row.number());
      }
      return taken;
    } catch (IOException | RuntimeException e) {
      LOG.warn("Snapshot {} failed", row.id(), e);
      try {
        records.setState(row.number(), SnapshotState.ERROR, 0, reason(e));
      } catch (RuntimeException also) {
        // It stays pending, and the next start settles it.
        e.addSuppressed(also);
      }
      throw e;
    }
  }

  /** On a full disk the root must not come to be later, when everybody was told that it failed. */
  private static void commitFrozen(VolumeMap map, long number) throws IOException {
    try {
      map.commit();
    } catch (NoSpaceException e) {
      map.dropFrozen(number);
      throw e;
    }
  }

  /** As {@link #commitFrozen}: the head is what it was, also when there is space again. */
  private static void commitRollback(VolumeMap map, long keptNumber) throws IOException {
    try {
      map.commit();
    } catch (NoSpaceException e) {
      map.resetTo(keptNumber);
      throw e;
    }
  }

  private void dropAll(List<Snapshot> snapshots) throws IOException {
    Map<Long, Set<Long>> byMap =
        snapshots.stream()
            .collect(
                Collectors.groupingBy(
                    Snapshot::volumeNumber,
                    TreeMap::new,
                    Collectors.mapping(Snapshot::number, Collectors.toSet())));
    for (Map.Entry<Long, Set<Long>> entry : byMap.entrySet()) {
      drop(entry.getKey(), entry.getValue());
    }
  }

  /** On a full disk it is told, and tried again until there is room for it. */
  private void drop(long volumeNumber, Set<Long> numbers) throws IOException {
    try {
      dropNow(volumeNumber, numbers);
    } catch (NoSpaceException e) {
      CompletableFuture.delayedExecutor(FULL_RETRY_MILLIS, TimeUnit.MILLISECONDS, workers)
          .execute(() -> dropAgain(volumeNumber, numbers));
      throw e;
    }
  }

  private void dropAgain(long volumeNumber, Set<Long> numbers) {
    try {
      drop(volumeNumber, numbers);
      changes.incrementAndGet();
      LOG.info("Snapshots {} are deleted: there is space for it now", numbers);
    } catch (NoSpaceException e) {
      LOG.debug("Snapshots {} stay in state deleting until there is space", numbers);
    } catch (IOException | RuntimeException e) {
      LOG.warn("Snapshots {} stay in state deleting until the next start", numbers, e);
    }
  }

  private void dropNow(long volumeNumber, Set<Long> numbers) throws IOException {
    synchronized (lockOf(volumeNumber)) {
      boolean headless = !records.volumeExists(volumeNumber);
      if (headless && records.countOfMap(volumeNumber) == numbers.size()) {
        maps.delete(volumeNumber);
      } else {
        try (MapPool.Use use = maps.open(volumeNumber)) {
          for (long number : numbers) {
            use.map().dropFrozen(number);
          }
          if (headless) {
            resetToNewest(use.map(), numbers);
          }
          use.map().commit();
        }
      }
      records.remove(numbers);
    }
  }

  private void resetToNewest(VolumeMap map, Set<Long> except) throws IOException {
    long newest = 0;
    for (VolumeMap.FrozenRoot root : map.frozenRoots()) {
      if (!except.contains(root.number())) {
        newest = Math.max(newest, root.number());
      }
    }
    if (newest > 0) {
      map.resetTo(newest);
    }
  }

  private void recoverMap(long volumeNumber, List<Snapshot> rows) throws IOException {
    Set<Long> frozen = new HashSet<>();
    if (maps.exists(volumeNumber)) {
      try (MapPool.Use use = maps.open(volumeNumber)) {
        use.map().frozenRoots().forEach(root -> frozen.add(root.number()));
      }
    }
    List<Snapshot> leaving = new ArrayList<>();
    for (Snapshot row : rows) {
      if (row.state() == SnapshotState.DELETING) {
        leaving.add(row);
      } else if (frozen.contains(row.number())) {
        records.setState(row.number(), SnapshotState.COMPLETED, 100, null);
      } else {
        records.setState(
            row.number(),
            SnapshotState.ERROR,
            0,
            "Firn stopped before it was taken: delete it and take another");
      }
    }
    if (!leaving.isEmpty()) {
      if (maps.exists(volumeNumber)) {
        dropAll(leaving);
      } else {
        records.remove(leaving.stream().map(Snapshot::number).toList());
      }
    }
  }

  private Object orderOf(long volumeNumber) {
    return orders.computeIfAbsent(volumeNumber, number -> new Object());
  }

  private Object lockOf(long volumeNumber) {
    return locks.computeIfAbsent(volumeNumber, number -> new Object());
  }

  private static String reason(Throwable failure) {
    String message = failure.getMessage();
    return message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
  }
}
