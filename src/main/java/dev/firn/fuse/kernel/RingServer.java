package dev.firn.fuse.kernel;

import dev.firn.base.LongWork;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import jnr.constants.platform.Errno;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the requests of a processor, or of several, from a ring. One thread at a time owns the
 * ring: it submits and waits, and serves short requests itself, so that an answer and the wait for
 * the next request are one system call. It stays on the processor whose requests these are, where
 * whoever asks sleeps meanwhile: nobody has to be woken on another.
 *
 * <p>The kernel fills an entry in the thread that submitted it, when that thread enters the kernel.
 * So nobody but the owner submits: others put what they answered on a stack, and wake the owner.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A request that may sleep, or is likely to take long, is served by another thread. If a
 *       request turns out to be long on the way ({@link LongWork}), the ring gets another owner.
 *   <li>For each request that may sleep and is under way there is one entry more. So the WRITEs
 *       that one waits for find an entry, however many wait.
 *   <li>Who answered an entry does not touch it afterwards: it is the kernel's.
 *   <li>No thread of a server ends before all have: with a thread, the kernel drops the entries
 *       that it submitted.
 * </ul>
 */
final class RingServer {
  private static final Logger LOG = LoggerFactory.getLogger(RingServer.class);

  private static final int REGISTER = 1;
  private static final int COMMIT_AND_FETCH = 2;
  private static final int SUBMISSIONS_MAX = 32;
  private static final int COMPLETIONS_MAX = 512;

  /** Of the completion that only wakes. */
  private static final long WAKE = -1;

  /** Answers may wait so long for those to requests that came with theirs. */
  private static final long UNSUBMITTED_NANOS_MAX = 50_000;

  private static final int EIO = 5;
  private static final int EVENTFD_FLAGS = LinuxCalls.O_CLOEXEC | LinuxCalls.O_NONBLOCK;

  private final Session session;
  private final Dispatcher dispatcher;
  private final ServiceTimes serviceTimes;
  private final String name;
  private final int processor;
  private final int[] queues;
  private final int payloadBytes;
  private final IoUring ring;
  private final int wakeFd;
  private final NativeBuffer one = new NativeBuffer(Long.BYTES);
  private final CompletableFuture<Integer> registered = new CompletableFuture<>();
  private final CompletableFuture<Void> done = new CompletableFuture<>();

  /** What other threads answered, the last one first. */
  private final AtomicReference<RingEntry> answered = new AtomicReference<>();

  /** Whether the owner waits in the kernel, or is about to. */
  private final AtomicBoolean sleeping = new AtomicBoolean();

  private final Semaphore turns = new Semaphore(0);
  private volatile boolean ended;
  private volatile boolean dismissed;

  /** Others may read it only to compare with themselves. */
  private volatile Thread owner;

  // Guarded by this.
  private int parked;
  private int threads;

  // The owner's.
  private final List<RingEntry> entries = new ArrayList<>();
  private int entriesAlive;

  /** Of each queue: requests under way that may sleep, and entries registered for such. */
  private final int[] sleepers;

  private final int[] spares;
  private long unsubmittedNanos;

  /**
   * @param device the descriptor of the mount
   * @param processor whose requests these are mainly
   * @param queues the kernel's queues, by their numbers
   * @throws IOException saying why there is no ring
   */
  RingServer(
      Session session,
      Dispatcher dispatcher,
      ServiceTimes serviceTimes,
      String name,
      int device,
      int processor,
      int[] queues,
      int payloadBytes)
      throws IOException {
    this.session = session;
    this.dispatcher = dispatcher;
    this.serviceTimes = serviceTimes;
    this.name = name;
    this.processor = processor;
    this.queues = queues;
    this.payloadBytes = payloadBytes;
    sleepers = new int[queues.length];
    spares = new int[queues.length];
    one.bytes.putLong(0, 1);
    ring = IoUring.open(SUBMISSIONS_MAX, COMPLETIONS_MAX, device);
    wakeFd = LinuxCalls.LIBC.eventfd(0, EVENTFD_FLAGS);
    if (wakeFd < 0) {
      Errno error = LinuxCalls.lastError();
      ring.close();
      throw new IOException("eventfd(2) says: " + error.description());
    }
  }

  /**
   * Registers entries with the kernel and serves what comes. The answer is how many there are; the
   * kernel begins to use them when all queues have some.
   *
   * @param depth entries a queue
   */
  CompletableFuture<Integer> start(int depth) {
    startThread(() -> register(depth));
    return registered;
  }

  private void startThread(Runnable first) {
    synchronized (this) {
      threads++;
    }
    boolean started = false;
    try {
      Thread thread = new Thread(() -> run(first), name);
      thread.setDaemon(true);
      thread.start();
      started = true;
    } finally {
      if (!started) {
        synchronized (this) {
          threads--;
        }
      }
    }
  }

  private void run(Runnable first) {
    Throwable fault = null;
    try {
      LongWork.listen(this::handOver);
      pin();
      owner = Thread.currentThread();
      first.run();
      do {
        watch();
      } while (awaitTurn());
    } catch (Throwable e) {
      fault = e;
    } finally {
      registered.complete(0);
      end(fault);
    }
  }

  /** Where the process may not run on that processor, the thread is where the kernel puts it. */
  private void pin() {
    byte[] mask = new byte[Math.max(128, processor / Byte.SIZE + 1)];
    mask[processor / Byte.SIZE] = (byte) (1 << processor % Byte.SIZE);
    if (LinuxCalls.LIBC.sched_setaffinity(0, mask.length, mask) != 0) {
      LOG.debug("{}: not on processor {}: {}", name, processor, LinuxCalls.lastError());
    }
  }

  private void register(int depth) {
    ring.poll(wakeFd, WAKE);
    for (int queue = 0; queue < queues.length; queue++) {
      for (int i = 0; i < depth; i++) {
        addEntry(queue);
      }
    }
    ring.submit();
    // A refusal is there at once; what succeeds says nothing until a request comes.
    int refused = 0;
    while (refused < entriesAlive && ring.hasCompletion() && ring.result() < 0) {
      LOG.debug("{}: an entry was refused: {}", name, Errno.valueOf(-ring.result()));
      refused++;
      ring.next();
    }
    entriesAlive -= refused;
    registered.complete(entriesAlive);
  }

  private void addEntry(int queue) {
    RingEntry entry = new RingEntry(this, entries.size(), queue, payloadBytes);
    entries.add(entry);
    entriesAlive++;
    submit(entry);
  }

  private void submit(RingEntry entry) {
    if (entry.isRegistered()) {
      ring.command(COMMIT_AND_FETCH, 0, 0, entry.commitId(), queues[entry.queue], entry.index);
    } else {
      ring.command(
          REGISTER, entry.vectorsAddress(), RingEntry.VECTORS, 0, queues[entry.queue], entry.index);
    }
  }

  /** Serves until another thread owns the ring, or there is nothing left to serve. */
  private void watch() {
    while (isOwner()) {
      commitAnswered();
      if (ring.hasCompletion()) {
        complete();
      } else if (entriesAlive == 0 || dismissed) {
        release();
      } else {
        sleeping.set(true);
        if (answered.get() == null && !dismissed) {
          unsubmittedNanos = 0;
          ring.submitAndWait();
        }
        sleeping.set(false);
      }
    }
  }

  private boolean isOwner() {
    return owner == Thread.currentThread();
  }

  /** Nothing comes any more. */
  private void release() {
    synchronized (this) {
      ended = true;
      owner = null;
      turns.release(parked);
      parked = 0;
    }
  }

  private void complete() {
    long userData = ring.userData();
    int result = ring.result();
    boolean more = (ring.flags() & IoUring.MORE) != 0;
    // Before it is served: meanwhile the ring may get another owner.
    ring.next();
    if (userData == WAKE) {
      if (!more) {
        ring.poll(wakeFd, WAKE);
      }
      return;
    }
    RingEntry entry = entries.get((int) userData);
    if (result == 0) {
      entry.received();
      serve(entry);
      return;
    }
    Errno error = Errno.valueOf(-result);
    switch (error) {
      case EAGAIN, EINTR -> submit(entry);
      case ENOTCONN, ECONNABORTED, ECANCELED, ENODEV -> entriesAlive--;
      default -> {
        LOG.error("{}: the kernel gave an entry up: {}", name, error.description());
        entriesAlive--;
      }
    }
  }

  private void serve(RingEntry entry) {
    long unique = entry.request.unique();
    try {
      long start = System.nanoTime();
      decideAndServe(entry, start);
      if (isOwner()) {
        unsubmittedNanos += System.nanoTime() - start;
        if (unsubmittedNanos > UNSUBMITTED_NANOS_MAX) {
          unsubmittedNanos = 0;
          ring.submit();
        }
      }
    } catch (Throwable fault) {
      refuse(entry, unique, fault);
    }
  }

  private void decideAndServe(RingEntry entry, long start) {
    Request request = entry.request;
    dispatcher.received(request);
    int kind = ServiceTimes.kindOf(request);
    if (Dispatcher.isSync(request)) {
      // Joined, it may be answered and gone at any time.
      replace(entry);
      if (!session.joinSyncs(entry, request)) {
        serveSync(entry, kind, start);
      }
      return;
    }
    if (dispatcher.maySleepLong(request)) {
      replace(entry);
      session.execute(entry);
    } else if (serviceTimes.areLong(kind, !ring.hasCompletion())) {
      session.execute(entry);
    } else {
      session.serve(entry, request);
      serviceTimes.took(kind, System.nanoTime() - start);
    }
  }

  /** This thread runs syncs now, or another does that it gives them to. */
  private void serveSync(RingEntry entry, int kind, long start) {
    boolean given = false;
    try {
      if (serviceTimes.areLong(kind, !ring.hasCompletion())) {
        session.execute(entry);
        given = true;
      } else {
        session.serve(entry, entry.request);
        serviceTimes.took(kind, System.nanoTime() - start);
      }
    } finally {
      if (!given) {
        session.serveWaitingSyncs(this::handOver);
      }
    }
  }

  /** In any thread, for a request that was given away. */
  void serveElsewhere(RingEntry entry) {
    boolean sync = Dispatcher.isSync(entry.request);
    long unique = entry.request.unique();
    try {
      int kind = ServiceTimes.kindOf(entry.request);
      long start = System.nanoTime();
      session.serve(entry, entry.request);
      serviceTimes.took(kind, System.nanoTime() - start);
    } catch (Throwable fault) {
      refuse(entry, unique, fault);
    } finally {
      if (sync) {
        session.serveWaitingSyncs(() -> {});
      }
    }
  }

  /** A fault outside of what answers requests: whoever waits gets an answer all the same. */
  private void refuse(RingEntry entry, long unique, Throwable fault) {
    LOG.error("{}: a request met a fault", name, fault);
    // If it was answered, there may be another request in its place by now.
    if (entry.owesAnAnswer() && entry.request.unique() == unique) {
      entry.answer(entry.request, -EIO, 0);
    }
  }

  /** Has one more entry for a request that may sleep. */
  private void replace(RingEntry entry) {
    entry.replaced = true;
    sleepers[entry.queue]++;
    if (sleepers[entry.queue] > spares[entry.queue]) {
      spares[entry.queue]++;
      addEntry(entry.queue);
    }
  }

  /** In any thread: an entry's answer is complete. */
  void answered(RingEntry entry) {
    if (isOwner()) {
      commit(entry);
      return;
    }
    RingEntry before;
    do {
      before = answered.get();
      entry.next = before;
    } while (!answered.compareAndSet(before, entry));
    wake();
  }

  private void wake() {
    if (sleeping.get() && sleeping.compareAndSet(true, false)) {
      LinuxCalls.LIBC.write(wakeFd, one.address, one.sizeBytes);
    }
  }

  private void commitAnswered() {
    if (answered.get() == null) {
      return;
    }
    RingEntry entry = answered.getAndSet(null);
    while (entry != null) {
      RingEntry following = entry.next;
      entry.next = null;
      commit(entry);
      entry = following;
    }
  }

  private void commit(RingEntry entry) {
    if (entry.replaced) {
      entry.replaced = false;
      sleepers[entry.queue]--;
    }
    submit(entry);
  }

  /** While it serves a request that takes long, another thread owns the ring. */
  private void handOver() {
    if (!isOwner()) {
      return;
    }
    synchronized (this) {
      owner = null;
      if (parked > 0) {
        parked--;
        turns.release();
        return;
      }
    }
    try {
      // It needs a wake-up call of its own: completions come through the thread that asked for
      // them.
      startThread(() -> ring.poll(wakeFd, WAKE));
    } catch (OutOfMemoryError e) {
      LOG.warn("{}: no thread for other requests while one takes long", name, e);
      owner = Thread.currentThread();
    }
  }

  /** Parks the calling thread until it is to own the ring; false when there is no need any more. */
  private boolean awaitTurn() {
    synchronized (this) {
      if (ended) {
        return false;
      }
      parked++;
    }
    turns.acquireUninterruptibly();
    if (ended) {
      return false;
    }
    owner = Thread.currentThread();
    return true;
  }

  int queueCount() {
    return queues.length;
  }

  /** Completes when all threads have ended: then {@link #close} is allowed, as far as they go. */
  CompletableFuture<Void> done() {
    return done;
  }

  /** Ends the threads although the kernel may have entries: they are taken back. */
  void dismiss() {
    dismissed = true;
    wake();
    synchronized (this) {
      if (threads == 0) {
        done.complete(null);
      }
    }
  }

  private void end(Throwable fault) {
    boolean last;
    boolean fatal;
    synchronized (this) {
      fatal = fault != null && !ended;
      if (fatal) {
        ended = true;
        turns.release(parked);
        parked = 0;
      }
      last = --threads == 0;
    }
    if (fatal) {
      session.ringFailed(name, fault);
    }
    if (last) {
      done.complete(null);
    }
  }

  /** To be called when no thread uses it any more. */
  void close() {
    ring.close();
    LinuxCalls.LIBC.close(wakeFd);
    one.free();
    entries.forEach(RingEntry::unmap);
  }
}
