package dev.firn.region;

import dev.firn.base.DaemonThreads;
import dev.firn.base.Sizes;
import dev.firn.map.MapStore;
import dev.firn.map.ReclaimReport;
import dev.firn.snapshot.MapPool;
import dev.firn.vfs.Keys;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives space back in the background: soon after snapshots or volumes were deleted, and when enough
 * bytes of files were deleted or written over. A run reads all trees, so the next one waits for a
 * multiple of the time that the last one took. Safe for concurrent use.
 */
final class Reclaimer implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(Reclaimer.class);
  private static final long PERIOD_MILLIS = 1_000;

  /** So many released bytes are worth a run at once; fewer wait for {@link #PATIENCE_NANOS}. */
  private static final long WORTHWHILE_BYTES = 64 * Sizes.MIB;

  /** Less that a run could not look at is not worth another one. */
  private static final long UNSEEN_BYTES_MIN = 4 * Sizes.MIB;

  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** Between runs while there is space enough. */
  private static final long PAUSE_NANOS_MIN = TimeUnit.SECONDS.toNanos(5);

  private static final long PAUSE_NANOS_AFTER_FAILURE = TimeUnit.SECONDS.toNanos(60);

  /** At most one part in so many of the time is spent here. */
  private static final int SHARE = 10;

  private final MapStore store;
  private final MapPool maps;
  private final List<String> placements;
  private final Precondition precondition;
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("firn-reclaim"));

  // Of the executor's thread alone.
  private MapStore.Released done;
  private long lastRunNanos = System.nanoTime();
  private long pauseNanos;
  private long unseenBytes;

  /** Throws if nothing may be given back now. */
  @FunctionalInterface
  interface Precondition {
    void require() throws IOException;
  }

  Reclaimer(MapStore store, MapPool maps, List<String> placements, Precondition precondition) {
    this.store = store;
    this.maps = maps;
    this.placements = placements;
    this.precondition = precondition;
    this.done = store.released();
  }

  void start() {
    executor.scheduleWithFixedDelay(
        this::runIfDue, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Does it now, whether or not it is worthwhile. */
  ReclaimReport run(boolean dryRun) throws IOException {
    precondition.require();
    return store.reclaim(maps, Keys::isExtent, dryRun);
  }

  private void runIfDue() {
    try {
      MapStore.Released now = store.released();
      if (!isDue(now)) {
        return;
      }
      ReclaimReport report = run(false);
      done = now;
      // What was let go of may be among it.
      unseenBytes = report.recentBytes() >= UNSEEN_BYTES_MIN ? report.recentBytes() : 0;
      pauseNanos = report.tookMillis() * 1_000_000 * SHARE;
      LOG.info(
          "Gave {} back to the disk, {} segments of them whole, in {} ms; {} in {} segments stay",
          Sizes.format(report.freedBytes()),
          report.freedSegments(),
          report.tookMillis(),
          Sizes.format(report.liveBytes()),
          report.segments());
    } catch (IOException | RuntimeException | Error e) {
      // Nothing was lost by it; space will be missing sooner or later.
      LOG.warn("Space could not be given back: {}", e.getMessage(), e);
      pauseNanos = PAUSE_NANOS_AFTER_FAILURE;
    }
    lastRunNanos = System.nanoTime();
  }

  private boolean isDue(MapStore.Released now) throws IOException {
    long bytes = now.bytes() - done.bytes() + unseenBytes;
    if (bytes == 0 && now.roots() == done.roots()) {
      return false;
    }
    long sinceNanos = System.nanoTime() - lastRunNanos;
    if (sinceNanos >= pauseNanos && isShortOfSpace()) {
      return true;
    }
    return sinceNanos >= Math.max(pauseNanos, PAUSE_NANOS_MIN)
        && (now.roots() > done.roots()
            || bytes >= WORTHWHILE_BYTES
            || sinceNanos >= PATIENCE_NANOS);
  }

  private boolean isShortOfSpace() throws IOException {
    for (String placement : placements) {
      if (store.isShortOfSpace(placement)) {
        return true;
      }
    }
    return false;
  }

  /** Waits for a run under way. */
  @Override
  public void close() {
    executor.shutdown();
    boolean interrupted = false;
    while (!executor.isTerminated()) {
      try {
        executor.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
