package dev.firn.fuse.kernel;

import dev.firn.base.LongWork;
import java.io.IOException;

/**
 * A thread's part in serving a mount: it watches the device when it is its turn, and serves what it
 * gets. Between requests that follow each other closely it looks again and again for a moment
 * before it sleeps: on a sleeping processor, waking up takes longer than serving. A mount with
 * nothing to do sleeps in poll(2).
 *
 * <p>Invariant: a request that may sleep long is served by a reader that does not watch, or by a
 * thread of its own. So a WRITE that it waits for is always served.
 */
final class Reader implements Runnable {
  /** How long to look for a request before sleeping. */
  private static final long LOOKING_NANOS = 60_000;

  /** With longer waits on average, looking is in vain too often. */
  private static final long AVERAGE_WAIT_NANOS_MAX = 100_000;

  private static final long COUNTED_WAIT_NANOS_MAX = 1_000_000;

  /** So many requests without a wait between them are work for another watcher. */
  private static final int BACKLOG = 4;

  private static final boolean MAY_LOOK = Runtime.getRuntime().availableProcessors() > 1;

  private final Session session;
  private final Dispatcher dispatcher;
  private final Device device;
  private final Watch watch;
  private final ServiceTimes serviceTimes;
  private final Request request = new Request(Session.IN_BYTES, Session.OUT_BYTES);
  private long averageWaitNanos = COUNTED_WAIT_NANOS_MAX;
  private int withoutWait;
  private boolean watching;

  /** Whether who sent the request would wait for good if this reader ended now. */
  private boolean owesAnAnswer;

  /** Whether others who sync rely on this reader. */
  private boolean runsSyncs;

  private enum Received {
    REQUEST,
    RETIRED,
    ENDED
  }

  Reader(
      Session session,
      Dispatcher dispatcher,
      Device device,
      Watch watch,
      ServiceTimes serviceTimes) {
    this.session = session;
    this.dispatcher = dispatcher;
    this.device = device;
    this.watch = watch;
    this.serviceTimes = serviceTimes;
  }

  @Override
  public void run() {
    Throwable fault = null;
    LongWork.listen(this::stopWatching);
    try {
      while (watch.awaitTurn()) {
        watching = true;
        if (!watchDevice()) {
          break;
        }
      }
    } catch (Throwable e) {
      fault = e;
      if (owesAnAnswer) {
        session.refuse(device, request);
      }
      serveWaitingSyncs();
    } finally {
      request.free();
      if (fault == null) {
        watch.end();
      } else if (watching) {
        watch.leave();
      }
      session.readerEnded(fault);
    }
  }

  /** Serves until somebody else watches; false when the mount has ended. */
  private boolean watchDevice() throws IOException {
    while (watching) {
      switch (receive()) {
        case REQUEST -> serve();
        case RETIRED -> watching = false;
        case ENDED -> {
          return false;
        }
      }
    }
    return true;
  }

  private Received receive() throws IOException {
    if (device.receiveNow(request)) {
      if (++withoutWait == BACKLOG) {
        withoutWait = 0;
        watch.reinforce();
      }
      return Received.REQUEST;
    }
    withoutWait = 0;
    long start = System.nanoTime();
    if (look(start)) {
      waited(start);
      return Received.REQUEST;
    }
    if (watch.retire()) {
      return Received.RETIRED;
    }
    boolean received = device.receive(request);
    waited(start);
    return received ? Received.REQUEST : Received.ENDED;
  }

  private boolean look(long start) {
    if (MAY_LOOK && averageWaitNanos <= AVERAGE_WAIT_NANOS_MAX) {
      do {
        // Whoever else wants this processor has it.
        Thread.yield();
        if (device.receiveNow(request)) {
          return true;
        }
      } while (System.nanoTime() - start < LOOKING_NANOS);
    }
    return false;
  }

  /** While it serves: somebody else watches, or the first of the others to be free does. */
  private void stopWatching() {
    if (watching) {
      if (!watch.handOver()) {
        watch.leave();
      }
      watching = false;
    }
  }

  private void waited(long start) {
    long nanos = Math.min(COUNTED_WAIT_NANOS_MAX, System.nanoTime() - start);
    averageWaitNanos += (nanos - averageWaitNanos) / 8;
  }

  private void serve() {
    owesAnAnswer = true;
    dispatcher.received(request);
    if (Dispatcher.isSync(request)) {
      if (session.joinSyncs(device, request)) {
        owesAnAnswer = false;
        return;
      }
      runsSyncs = true;
    }
    int kind = ServiceTimes.kindOf(request);
    boolean quiet = withoutWait == 0;
    if (dispatcher.maySleepLong(request) || serviceTimes.areLong(kind, quiet)) {
      if (watch.handOver()) {
        watching = false;
      } else if (dispatcher.maySleep(request)) {
        session.serveElsewhere(device, request.detach());
        owesAnAnswer = false;
        runsSyncs = false;
        return;
      } else {
        stopWatching();
      }
    }
    long start = System.nanoTime();
    session.serve(device, request);
    owesAnAnswer = false;
    serviceTimes.took(kind, System.nanoTime() - start);
    serveWaitingSyncs();
  }

  private void serveWaitingSyncs() {
    if (runsSyncs) {
      // There are more to come meanwhile, which somebody has to receive.
      session.serveWaitingSyncs(this::stopWatching);
      runsSyncs = false;
    }
  }
}
