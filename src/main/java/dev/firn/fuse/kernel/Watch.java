package dev.firn.fuse.kernel;

import java.util.concurrent.Semaphore;

/**
 * Which of a mount's readers watch the device; the others are parked. A watcher serves short
 * requests itself and goes on watching, so that a request that follows finds somebody awake: waking
 * a thread costs more than most requests.
 *
 * <p>Invariants: somebody watches until the end, though perhaps at work on a short request. Who
 * handed over does not watch until its next turn. A backlog makes no more watchers than {@code
 * watchersMax}: whoever sends requests needs a processor, too.
 *
 * <p>Safe for concurrent use.
 */
final class Watch {
  private final Semaphore turns = new Semaphore(0);
  private final int watchersMax;

  // Guarded by this.
  private int watching;
  private int parked;

  /** Whether the only watcher wanted to hand over and nobody was there. */
  private boolean wanted = true;

  private volatile boolean ended;

  Watch(int watchersMax) {
    this.watchersMax = watchersMax;
  }

  /** Parks the calling reader until it is to watch; false when there is nothing more to watch. */
  boolean awaitTurn() {
    synchronized (this) {
      if (ended) {
        return false;
      }
      if (wanted) {
        wanted = false;
        watching++;
        return true;
      }
      parked++;
    }
    turns.acquireUninterruptibly();
    return !ended;
  }

  /** A watcher stops watching, since somebody else does; false if there is nobody. */
  synchronized boolean handOver() {
    if (watching == 1 && parked == 0) {
      wanted = true;
      return false;
    }
    watching--;
    if (watching == 0) {
      promote();
    }
    return true;
  }

  /** Has one more watcher, if one is parked and there may be more. */
  synchronized void reinforce() {
    if (parked > 0 && watching < watchersMax) {
      promote();
    }
  }

  /** A watcher with nothing to do stops watching; false for the last one, which has to stay. */
  synchronized boolean retire() {
    if (watching == 1) {
      return false;
    }
    watching--;
    return true;
  }

  /** A watcher is no more. */
  synchronized void leave() {
    watching--;
    if (watching == 0 && parked > 0) {
      promote();
    } else if (watching == 0) {
      wanted = true;
    }
  }

  private void promote() {
    assert parked > 0;
    parked--;
    watching++;
    turns.release();
  }

  /** The device has ended, or a watcher: nobody waits for a turn any more. */
  synchronized void end() {
    ended = true;
    turns.release(parked);
    parked = 0;
  }
}
