package dev.firn.fuse.kernel;

import dev.firn.base.LongWork;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import jnr.constants.platform.Errno;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread with a ring of its own and one entry in a {@link RingQueue}: an answer and the wait for
 * the next request are one system call. It stays on the queue's processor, where whoever asks
 * sleeps meanwhile, so that nobody has to be woken on another; except while it is at something
 * long, or expects more of it, which may go on anywhere, and while it serves who does not wait
 * ({@link WorkerPlace}), which goes on elsewhere.
 *
 * <p>Invariants: the kernel fills an entry in the thread that submitted it, when that thread enters
 * the kernel; so nobody else submits, and the entry is not the kernel's while its thread does
 * anything but wait for a request. When the thread ends, so does the entry.
 */
final class RingWorker implements Runnable, RequestSource {
  private static final Logger LOG = LoggerFactory.getLogger(RingWorker.class);

  private static final int SUBMISSIONS_MAX = 2;
  private static final int COMPLETIONS_MAX = 4;

  /** Not from a class that the fault may be about. */
  private static final int EIO = 5;

  private static final int NOT_YET = Integer.MIN_VALUE;

  /** The processors that a worker may run on. */
  private enum Place {
    QUEUE,
    /** For work that is worth the way there and back. */
    ANY,
    /** Beside whoever sends requests and does not wait for each. */
    OTHERS
  }

  private final RingQueue queue;
  private final Session session;
  private final Dispatcher dispatcher;
  private final ServiceTimes serviceTimes;
  private final IoUring ring;
  private final RingEntry entry;
  private final Request request;
  private final CompletableFuture<Boolean> registered = new CompletableFuture<>();

  /** Completes when the thread has ended; at once while there is none. */
  private volatile CompletableFuture<Void> done = CompletableFuture.completedFuture(null);

  private Thread thread;

  private Place place = Place.QUEUE;

  /** Where it goes, or stays, when the request is answered. */
  private Place placeAfter = Place.QUEUE;

  /** Whether whoever sent the request would wait for good if this thread went on. */
  private boolean owesAnAnswer;

  /** What those answer whom this thread's sync joined. */
  private volatile int joinedOutcome;

  /** Throws an IOException that says why there is no ring. */
  RingWorker(RingQueue queue, Session session, Dispatcher dispatcher, ServiceTimes serviceTimes)
      throws IOException {
    this.queue = queue;
    this.session = session;
    this.dispatcher = dispatcher;
    this.serviceTimes = serviceTimes;
    ring = IoUring.open(SUBMISSIONS_MAX, COMPLETIONS_MAX, queue.device());
    boolean made = false;
    try {
      entry = new RingEntry(queue.number(), queue.payloadBytes());
      made = true;
    } finally {
      if (!made) {
        ring.close();
      }
    }
    request = entry.request;
  }

  /** Whether the kernel took the entry; if not, the thread ends. */
  CompletableFuture<Boolean> registered() {
    return registered;
  }

  /** In a thread of its own. */
  void start(String name) {
    CompletableFuture<Void> end = new CompletableFuture<>();
    Thread started = new Thread(this, name);
    // A mount must not keep a process alive that forgot to unmount.
    started.setDaemon(true);
    done = end;
    boolean runs = false;
    try {
      started.start();
      runs = true;
    } finally {
      if (!runs) {
        end.complete(null);
      }
    }
  }

  @Override
  public void run() {
    Throwable fault = null;
    boolean serving = false;
    try {
      thread = Thread.currentThread();
      LongWork.listen(this::longWorkBegins);
      queue.affinity().bind();
      boolean late = queue.isOpen();
      if (register() && queue.awaitOpening()) {
        serving = true;
        if (late) {
          queue.entryAdded();
        }
        serveAll();
      }
    } catch (Throwable e) {
      fault = e;
    } finally {
      registered.complete(false);
      done.complete(null);
      queue.ended(fault, serving);
    }
  }

  /** What is refused is so at once; of success nothing tells until a request comes. */
  private boolean register() {
    ring.enable();
    entry.submitTo(ring);
    ring.submit();
    boolean refused = ring.hasCompletion() && ring.result() < 0;
    if (refused) {
      LOG.info("The kernel refused an entry: {}", Errno.valueOf(-ring.result()).description());
    }
    registered.complete(!refused);
    return !refused;
  }

  private void serveAll() {
    while (receive()) {
      owesAnAnswer = true;
      try {
        serve();
      } catch (Throwable fault) {
        LOG.error("{}: a request met a fault", queue, fault);
      }
      if (owesAnAnswer) {
        answer(request, -EIO, 0);
      }
      entry.submitTo(ring);
      if (place != placeAfter) {
        // Going back takes its time: the answer goes first.
        ring.submit();
        go(placeAfter);
      }
    }
  }

  /** Waits for a request; false when none will come any more. */
  private boolean receive() {
    queue.waiting();
    try {
      while (true) {
        if (!ring.hasCompletion()) {
          ring.submitAndWait();
          continue;
        }
        int result = ring.result();
        ring.next();
        if (result == 0) {
          entry.received();
          return true;
        }
        Errno error = Errno.valueOf(-result);
        switch (error) {
          case EAGAIN, EINTR -> entry.submitTo(ring);
          case ENOTCONN, ECONNABORTED, ECANCELED, ENODEV -> {
            return false;
          }
          default ->
              throw new IllegalStateException(
                  "the kernel gave an entry up: " + error.description());
        }
      }
    } finally {
      queue.notWaiting();
    }
  }

  private void serve() {
    placeAfter = Place.QUEUE;
    dispatcher.received(request);
    if (Dispatcher.isSync(request)) {
      serveSync();
      return;
    }
    int kind = ServiceTimes.kindOf(request);
    boolean sleeps = dispatcher.maySleepLong(request);
    if (sleeps || serviceTimes.areLong(kind, false)) {
      queue.haveAnother(sleeps);
    }
    // The next one is likely to be like it, and to have many bytes, which are fetched there, too.
    if (serviceTimes.areLong(kind, true)) {
      placeAfter = Place.ANY;
      go(Place.ANY);
    } else if (isSmallDirect(kind) && queue.nextIsElsewhere()) {
      placeAfter = Place.OTHERS;
      go(Place.OTHERS);
    }
    serveTimed(kind);
  }

  private boolean isSmallDirect(int kind) {
    return ServiceTimes.isSmallTransfer(kind) && FileRequests.isDirect(request);
  }

  private void serveTimed(int kind) {
    long start = System.nanoTime();
    session.serve(this, request);
    serviceTimes.took(kind, System.nanoTime() - start);
    if (place == Place.QUEUE && !ServiceTimes.isBig(kind)) {
      BusyWait.SHARED.served();
    }
  }

  private void serveSync() {
    queue.haveAnother(true);
    joinedOutcome = NOT_YET;
    if (session.joinSyncs(this, request)) {
      while (joinedOutcome == NOT_YET) {
        LockSupport.park(this);
      }
      answer(request, joinedOutcome, 0);
      return;
    }
    try {
      serveTimed(ServiceTimes.kindOf(request));
    } finally {
      // By somebody else: this one's caller shall not wait for it.
      session.passSyncsOn();
    }
  }

  private void longWorkBegins() {
    queue.haveAnother(true);
    go(Place.ANY);
  }

  private void go(Place wanted) {
    if (place == wanted) {
      return;
    }
    switch (wanted) {
      case QUEUE -> queue.affinity().bind();
      case ANY -> queue.affinity().free();
      case OTHERS -> queue.affinity().avoid();
    }
    place = wanted;
  }

  /** In the worker's own thread. It reaches the kernel when the worker waits for the next. */
  @Override
  public Errno answer(Request answered, int error, int bodyBytes) {
    entry.answer(error, bodyBytes);
    owesAnAnswer = false;
    return null;
  }

  @Override
  public Errno answerJoined(long unique, int error) {
    joinedOutcome = error;
    LockSupport.unpark(thread);
    return null;
  }

  /** When its thread has ended. */
  void close() {
    done.join();
    ring.close();
    entry.unmap();
  }
}
