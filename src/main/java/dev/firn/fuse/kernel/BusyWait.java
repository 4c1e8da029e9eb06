package dev.firn.fuse.kernel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * On a machine of two processors, a thread that keeps one from sleeping while small requests follow
 * each other closely. The kernel has whoever asked go on at a processor that does nothing, if there
 * is one, and the next request then comes to that one's queue, whose worker sleeps: so each time a
 * sleeping processor has to be woken, which takes longer than to serve the request. With none that
 * sleeps, the caller goes on where its worker is, and both take turns without waking anybody.
 *
 * <p>The thread has the least priority and gives way in each round, so it takes only what nobody
 * wants; a moment after the last request it sleeps. With more processors it could not keep all
 * awake, and does not run.
 *
 * <p>One for the process. Safe for concurrent use; counts that threads take from each other are
 * lost, which does not matter.
 */
final class BusyWait implements Runnable {
  /** Of this process. */
  static final BusyWait SHARED = new BusyWait(Affinity.processors() == 2);

  /**
   * How long it looks for another request: shorter than disks take, whose interrupts a processor
   * that is awake takes later than one that sleeps, where a hypervisor brings them.
   */
  private static final long LOOKING_NANOS = 60_000;

  /** So many requests, each this soon after the one before, wake it. */
  private static final int CLOSE_REQUESTS = 16;

  private static final VarHandle SERVED;

  static {
    try {
      SERVED = MethodHandles.lookup().findVarHandle(BusyWait.class, "served", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final boolean isWanted;
  private volatile boolean sleeping;
  private volatile Thread thread;
  private long served;
  private long lastNanos;
  private int closeRequests;

  BusyWait(boolean isWanted) {
    this.isWanted = isWanted;
  }

  /** Before the first {@link #served}, and again without harm. */
  synchronized void start() {
    if (isWanted && thread == null) {
      Thread started = new Thread(this, "fuse-awake");
      started.setDaemon(true);
      sleeping = true;
      started.start();
      thread = started;
    }
  }

  /** A request was served whose bytes are few. */
  void served() {
    SERVED.setOpaque(this, served + 1);
    if (sleeping) {
      long now = System.nanoTime();
      closeRequests = now - lastNanos < LOOKING_NANOS ? closeRequests + 1 : 0;
      lastNanos = now;
      if (closeRequests >= CLOSE_REQUESTS) {
        closeRequests = 0;
        sleeping = false;
        LockSupport.unpark(thread);
      }
    }
  }

  boolean isSleeping() {
    return sleeping;
  }

  @Override
  public void run() {
    LinuxCalls.LIBC.setpriority(LinuxCalls.PRIO_PROCESS, 0, LinuxCalls.LEAST_PRIORITY);
    while (true) {
      while (sleeping) {
        LockSupport.park(this);
      }
      while (hasAnother()) {
        Thread.onSpinWait();
      }
      sleeping = true;
    }
  }

  private boolean hasAnother() {
    long before = (long) SERVED.getOpaque(this);
    long start = System.nanoTime();
    do {
      Thread.yield();
      if ((long) SERVED.getOpaque(this) != before) {
        return true;
      }
    } while (System.nanoTime() - start < LOOKING_NANOS);
    return false;
  }
}
