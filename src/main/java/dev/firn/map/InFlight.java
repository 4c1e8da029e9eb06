package dev.firn.map;

import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Who is at work with places in segments outside of all locks: between storing bytes and putting
 * what stands for them into a tree, or between looking up an extent and having read it. Whoever
 * wants to give space back waits for them. They never wait.
 *
 * <p>Invariant: {@link #awaitAll} returns only after everyone who had entered before it began has
 * left. Those who enter meanwhile are counted on the other side, so it ends however many come.
 */
final class InFlight {
  private static final long POLL_NANOS = 200_000;

  private final LongAdder[] entered = {new LongAdder(), new LongAdder()};
  private final LongAdder[] left = {new LongAdder(), new LongAdder()};
  private volatile int side;

  /** Answers the side to give to {@link #leave}. */
  int enter() {
    int mine = side;
    entered[mine].increment();
    return mine;
  }

  void leave(int mine) {
    left[mine].increment();
  }

  /** How often somebody entered, so far: it stands still when nobody works. */
  long entries() {
    return entered[0].sum() + entered[1].sum();
  }

  /** Waits for all who are inside. One caller at a time. */
  void awaitAll() {
    // Twice: somebody may have read the side just before it changed, and be counted there later.
    awaitSide();
    awaitSide();
  }

  private void awaitSide() {
    int old = side;
    side = 1 - old;
    while (!isEmpty(old)) {
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  /** In this order: who leaves meanwhile is missed, which only lets the caller ask again. */
  private boolean isEmpty(int which) {
    long gone = left[which].sum();
    return entered[which].sum() == gone;
  }
}
