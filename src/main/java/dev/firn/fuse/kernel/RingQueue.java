package dev.firn.fuse.kernel;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kernel's queue of the requests that are sent on one processor, and the workers that serve it:
 * one as long as no request takes long, and as many as there were long ones at a time. The kernel
 * gives a request to the worker that waited last.
 *
 * <p>Invariant: whoever begins something that may sleep, or wait for other requests, has seen
 * another worker wait, or started one. While one waits, no request does: its last answer brought it
 * in, or {@link #entryAdded}. So the WRITEs that one waits for are always served.
 *
 * <p>Safe for concurrent use.
 */
final class RingQueue {
  private static final Logger LOG = LoggerFactory.getLogger(RingQueue.class);

  /** For requests that take long but end by themselves. */
  private static final int WORKERS_MAX = 4;

  /**
   * To begin with, where we cannot send a request from the processor ourselves: others can, when
   * they may run on processors that this process may not.
   */
  private static final int FOREIGN_WORKERS = 4;

  private final Session session;
  private final Dispatcher dispatcher;
  private final ServiceTimes serviceTimes;
  private final String name;
  private final int device;
  private final int number;
  private final int payloadBytes;
  private final Affinity affinity;
  private final CountDownLatch opening = new CountDownLatch(1);
  private volatile boolean opened;

  /** Workers that wait for a request, or are about to. */
  private final AtomicInteger waiting = new AtomicInteger();

  /** Guarded by this. */
  private final List<RingWorker> workers = new ArrayList<>();

  /**
   * With the workers that there are to begin with.
   *
   * @param device the descriptor of the mount
   * @throws IOException saying why there is no ring
   */
  RingQueue(
      Session session,
      Dispatcher dispatcher,
      ServiceTimes serviceTimes,
      String name,
      int device,
      int number,
      int payloadBytes)
      throws IOException {
    this.session = session;
    this.dispatcher = dispatcher;
    this.serviceTimes = serviceTimes;
    this.name = name;
    this.device = device;
    this.number = number;
    this.payloadBytes = payloadBytes;
    this.affinity = new Affinity(number);
    int count = affinity.binds() ? 1 : FOREIGN_WORKERS;
    try {
      for (int i = 0; i < count; i++) {
        workers.add(newWorker());
      }
    } catch (IOException | OutOfMemoryError e) {
      close();
      throw e;
    }
  }

  private RingWorker newWorker() throws IOException {
    return new RingWorker(this, session, dispatcher, serviceTimes);
  }

  int device() {
    return device;
  }

  int number() {
    return number;
  }

  int payloadBytes() {
    return payloadBytes;
  }

  Affinity affinity() {
    return affinity;
  }

  /** A direct read or write of few bytes has come; answers whether it is to be served elsewhere. */
  boolean nextIsElsewhere() {
    return affinity.hasOthers() && WorkerPlace.SHARED.next(System.nanoTime());
  }

  /** Starts the first workers; whether the kernel took their entries. */
  boolean register() throws IOException {
    List<RingWorker> first;
    synchronized (this) {
      first = List.copyOf(workers);
    }
    for (RingWorker worker : first) {
      start(worker);
      if (!Rings.awaited(worker.registered())) {
        return false;
      }
    }
    return true;
  }

  private void start(RingWorker worker) {
    session.readerBegins();
    boolean started = false;
    try {
      worker.start(name);
      started = true;
    } finally {
      if (!started) {
        session.readerEnded(null);
      }
    }
  }

  /**
   * Lets the workers serve, or end.
   *
   * @param serve whether all queues are registered
   */
  void open(boolean serve) {
    opened = serve;
    opening.countDown();
  }

  boolean isOpen() {
    return opened;
  }

  /** Whether there is anything to serve. */
  boolean awaitOpening() throws InterruptedException {
    opening.await();
    return opened;
  }

  /**
   * A worker has just registered its entry. The kernel does not look for a request that waited
   * before: it does when an answer is committed. So a request of our own goes that way, from this
   * processor.
   */
  void entryAdded() {
    if (affinity.binds()) {
      session.ask(affinity);
    }
  }

  void waiting() {
    waiting.incrementAndGet();
  }

  void notWaiting() {
    waiting.decrementAndGet();
  }

  /**
   * Has another worker wait for requests.
   *
   * @param always however many there are
   */
  void haveAnother(boolean always) {
    if (waiting.get() > 0) {
      return;
    }
    synchronized (this) {
      // Somebody may have started one meanwhile that has not come to wait.
      if (!always && workers.size() >= WORKERS_MAX) {
        return;
      }
      try {
        RingWorker worker = newWorker();
        workers.add(worker);
        start(worker);
      } catch (IOException | OutOfMemoryError e) {
        LOG.warn("{}: no thread for other requests while one takes long: {}", name, e.toString());
      }
    }
  }

  /**
   * The end of a worker.
   *
   * @param serving whether requests may have come to it
   */
  void ended(Throwable fault, boolean serving) {
    if (fault != null && serving) {
      session.ringFailed(name, fault);
    } else if (fault != null) {
      LOG.warn("{}: a thread ended before it served", name, fault);
    }
    session.readerEnded(null);
  }

  /** When all workers have ended, for which {@link #open} or the end of the mount is the reason. */
  synchronized void close() {
    workers.forEach(RingWorker::close);
    workers.clear();
  }

  @Override
  public String toString() {
    return name;
  }
}
