package dev.firn.server;

import dev.firn.base.FirnException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts the calls that run, so that a server that stops neither takes new ones nor leaves any
 * behind. Calls are never interrupted, because that would close the files they use: long ones ask
 * {@link #check} now and then. Safe for concurrent use.
 */
public final class ActiveCalls {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private int active;
  private volatile boolean stopping;

  /**
   * Always to be followed by {@link #end}. Whether the call may do anything, {@link #check} says.
   */
  public void begin() {
    lock.lock();
    try {
      active++;
    } finally {
      lock.unlock();
    }
  }

  public void end() {
    lock.lock();
    try {
      active--;
      idle.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Fails with CONFLICT once the server is stopping. */
  public void check() {
    if (stopping) {
      throw FirnException.conflict("the daemon is stopping; try again in a moment");
    }
  }

  /**
   * Refuses further work and waits for the calls that run; false if some still do after a while.
   */
  public boolean stop(long timeoutSeconds) throws InterruptedException {
    lock.lock();
    try {
      stopping = true;
      long remaining = TimeUnit.SECONDS.toNanos(timeoutSeconds);
      while (active > 0 && remaining > 0) {
        remaining = idle.awaitNanos(remaining);
      }
      return active == 0;
    } finally {
      lock.unlock();
    }
  }
}
