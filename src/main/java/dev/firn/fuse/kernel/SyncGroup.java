package dev.firn.fuse.kernel;

import java.util.ArrayList;
import java.util.List;

/**
 * The syncs of one mount. One thread at a time runs them. Those that come meanwhile wait together,
 * and not in threads: the next one is for all of them, since each makes everything durable that was
 * done before it began. However few readers there are, as many syncs share one as there are
 * callers.
 *
 * <p>Invariants: a request that waits is answered by what a sync says that began after the request
 * had joined. While any waits, somebody runs.
 *
 * <p>Safe for concurrent use.
 */
final class SyncGroup {
  /** A request that waits for its answer. */
  record Waiting(RequestSource source, long unique) {}

  // Guarded by this.
  private boolean running;
  private List<Waiting> waiting = new ArrayList<>();

  /**
   * True: somebody runs, and will answer this request, too. False: the caller runs from now on; it
   * syncs for this request and then for each group of {@link #next}.
   */
  synchronized boolean join(RequestSource source, long unique) {
    if (running) {
      waiting.add(new Waiting(source, unique));
      return true;
    }
    running = true;
    return false;
  }

  /** Whom the next sync is for. If nobody, the caller does not run any more. */
  synchronized List<Waiting> next() {
    if (waiting.isEmpty()) {
      running = false;
      // Not the list itself, which those who come next are put into.
      return List.of();
    }
    List<Waiting> group = waiting;
    waiting = new ArrayList<>();
    return group;
  }
}
