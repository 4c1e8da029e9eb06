package dev.firn.fuse.kernel;

import dev.firn.base.DaemonThreads;
import dev.firn.base.FirnException;
import dev.firn.fuse.FaultLog;
import dev.firn.fuse.FuseConnection;
import dev.firn.fuse.MountPoint;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import jnr.constants.platform.Errno;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that serve one mount: a few readers, which share the work as {@link Watch} says, or
 * rings and one reader for what does not come over them; and others for requests that may sleep or
 * take long. An idle mount has no thread that runs.
 */
final class Session {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);
  private static final int READERS_MIN = 2;
  private static final int READERS_MAX = 8;

  /** A request: a write's header and arguments, rounded up, and its payload. */
  static final int IN_BYTES = Negotiation.PAYLOAD_BYTES_MAX + 4096;

  static final int OUT_BYTES = Negotiation.PAYLOAD_BYTES_MAX + Request.OUT_HEADER_BYTES;
  private static final long SLEEPERS_SECONDS_MAX = 60;

  /** Not from a class that the fault may be about. */
  private static final int EIO = 5;

  private final FileSystem fileSystem;
  private final Path directory;
  private final Negotiation negotiation;
  private final Dispatcher dispatcher;
  private final OwnMount ownMount;
  private final Notifier notifier;
  private final OpenForWriting openForWriting = new OpenForWriting();
  private WriteBackClock writeBackClock;

  /** Null when requests come over /dev/fuse. */
  private Rings rings;

  private final List<Device> devices = new ArrayList<>();
  private final SyncGroup syncs = new SyncGroup();
  private final AtomicInteger readersLeft = new AtomicInteger(1);
  private final ExecutorService sleepers;
  private final Consumer<Throwable> onEnd;

  private Session(
      FileSystem fileSystem,
      Path directory,
      Device device,
      Negotiation negotiation,
      Consumer<Throwable> onEnd) {
    this.fileSystem = fileSystem;
    this.directory = directory;
    this.negotiation = negotiation;
    this.onEnd = onEnd;
    String name = "fuse-" + directory.getFileName();
    notifier = new Notifier(device, openForWriting, name + "-notifier");
    sleepers = Executors.newCachedThreadPool(DaemonThreads.named(name + "-sleeper"));
    ownMount = new OwnMount(fileSystem, directory, openForWriting, sleepers);
    dispatcher =
        new Dispatcher(
            fileSystem,
            negotiation,
            openForWriting,
            notifier,
            new FetchAhead(fileSystem, openForWriting, ownMount),
            new FaultLog(directory.toString()));
    devices.add(device);
  }

  /**
   * Answers the kernel's first request and starts to serve; returns at once afterwards.
   *
   * @param device a descriptor that was mounted; closed at the end
   * @param onEnd gets null, or why not everything is durable; runs when the mount has ended
   */
  static Session start(
      FileSystem fileSystem,
      Path directory,
      Device device,
      KernelOptions options,
      Consumer<Throwable> onEnd)
      throws IOException {
    return start(fileSystem, directory, device, options, Rings::open, onEnd);
  }

  static Session start(
      FileSystem fileSystem,
      Path directory,
      Device device,
      KernelOptions options,
      Rings.Opener opener,
      Consumer<Throwable> onEnd)
      throws IOException {
    Request init = new Request(IN_BYTES, 4096);
    try {
      if (!device.receive(init) || init.opcode() != Opcode.INIT) {
        throw new IOException("the kernel did not begin with INIT");
      }
      Negotiation negotiation = Negotiation.of(init, initFlags(fileSystem, options), directory);
      Session session = new Session(fileSystem, directory, device, negotiation, onEnd);
      session.openRings(options.ringUse(), opener);
      Errno error = device.answer(init, 0, negotiation.answer(init));
      if (error != null) {
        throw new IOException("the kernel did not take the answer: " + error.description());
      }
      session.begin(options);
      return session;
    } finally {
      init.free();
    }
  }

  /**
   * Of files with fixed sizes the kernel hands over what is written at once: if it gathered writes
   * behind the end, they would fail unseen.
   */
  private static long initFlags(FileSystem fileSystem, KernelOptions options) {
    long flags = options.initFlags();
    return fileSystem.hasFixedSizes() ? flags & ~InitFlags.WRITEBACK_CACHE : flags;
  }

  /** Before INIT is answered: once rings were promised, the kernel waits for them. */
  private void openRings(RingUse use, Rings.Opener opener) {
    if (use == RingUse.OFF) {
      return;
    }
    if (!negotiation.has(InitFlags.OVER_IO_URING)) {
      withoutRings(use, "this kernel does not offer it");
      return;
    }
    try {
      rings = opener.open(this, dispatcher, directory, devices.get(0));
    } catch (IOException | OutOfMemoryError e) {
      negotiation.without(InitFlags.OVER_IO_URING);
      withoutRings(use, e.getMessage());
    }
  }

  private void withoutRings(RingUse use, String reason) {
    if (use == RingUse.ON) {
      throw FirnException.failed(
          "cannot mount at '%s' with io_uring=on: %s; 'firn doctor' says what can be done",
          directory, reason);
    }
    LOG.info("{}: requests come over {}, not io_uring: {}", directory, Device.PATH, reason);
  }

  private void begin(KernelOptions options) throws IOException {
    fileSystem.cachedBy(notifier);
    if (rings != null) {
      registerRings(options.ringUse());
    }
    LOG.info("{}: {}{}", directory, negotiation, rings == null ? "" : ", " + rings);
    if (negotiation.has(InitFlags.WRITEBACK_CACHE)) {
      writeBackClock = WriteBackClock.start(directory, openForWriting);
    }
    if (rings == null) {
      startReaders();
    } else {
      readerBegins();
      startThread(new ForgetReader(this, dispatcher, devices.get(0)), "forgets");
    }
    if (options.fetchesAhead()) {
      ownMount.begin();
    }
    // Until here there was always one left.
    readerEnded(null);
  }

  private void registerRings(RingUse use) throws IOException {
    boolean registered = false;
    try {
      registered = rings.register();
    } finally {
      if (!registered) {
        rings.close();
        rings = null;
      }
    }
    if (!registered) {
      withoutRings(use, "the kernel refused the memory for requests");
    }
  }

  boolean usesRings() {
    return rings != null;
  }

  Notifier notifier() {
    return notifier;
  }

  private void startReaders() throws IOException {
    int processors = Runtime.getRuntime().availableProcessors();
    int readers = Math.max(READERS_MIN, Math.min(READERS_MAX, 2 * processors));
    while (devices.size() < readers) {
      Device another = devices.get(0).another();
      if (another == null) {
        LOG.debug("{}: all threads share one descriptor: {} is not ours", directory, Device.PATH);
        another = devices.get(0);
      }
      devices.add(another);
    }
    // Half of the processors are for those whose requests these are.
    Watch watch = new Watch(Math.max(1, processors / 2));
    ServiceTimes serviceTimes = new ServiceTimes();
    for (int i = 0; i < readers; i++) {
      Reader reader = new Reader(this, dispatcher, devices.get(i), watch, serviceTimes);
      readerBegins();
      startThread(reader, Integer.toString(i));
    }
  }

  private void startThread(Runnable work, String name) {
    Thread thread = new Thread(work, "fuse-" + directory.getFileName() + "-" + name);
    // A mount must not keep a process alive that forgot to unmount.
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Whether a sync is answered by whoever runs one. If not, the caller has to serve it, and {@link
   * #serveWaitingSyncs} afterwards, whatever happens.
   */
  boolean joinSyncs(RequestSource source, Request request) {
    return syncs.join(source, request.unique());
  }

  /**
   * Syncs for those who joined.
   *
   * @param beforeEach runs before each sync
   */
  void serveWaitingSyncs(Runnable beforeEach) {
    serveSyncs(nextSyncs(), beforeEach);
  }

  /** The same, by another thread if there are any. */
  void passSyncsOn() {
    List<SyncGroup.Waiting> group = syncs.next();
    if (!group.isEmpty()) {
      try {
        sleepers.execute(() -> serveSyncs(group, () -> {}));
      } catch (OutOfMemoryError e) {
        serveSyncs(group, () -> {});
      }
    }
  }

  private void serveSyncs(List<SyncGroup.Waiting> first, Runnable beforeEach) {
    for (List<SyncGroup.Waiting> group = first; !group.isEmpty(); group = nextSyncs()) {
      int outcome = -EIO;
      try {
        beforeEach.run();
        outcome = dispatcher.answerSyncs();
      } finally {
        for (SyncGroup.Waiting each : group) {
          sent(Opcode.FSYNC, each.source().answerJoined(each.unique(), outcome));
        }
      }
    }
  }

  /** Whoever has just been answered may be about to ask again: a moment makes the group larger. */
  private List<SyncGroup.Waiting> nextSyncs() {
    Thread.yield();
    return syncs.next();
  }

  /** Answers a copy of a request in a thread that watches nothing. */
  void serveElsewhere(Device device, Request request) {
    sleepers.execute(() -> serveDetached(device, request));
  }

  /**
   * Answers EIO to a request whose reader ends by a fault. It may be one that wants no answer, or
   * has it: the kernel does not mind.
   */
  void refuse(Device device, Request request) {
    device.answer(request, -EIO, 0);
  }

  /**
   * Has some request or other come from a processor, by another thread; of a mount that has ended
   * none comes.
   */
  void ask(Affinity affinity) {
    try {
      sleepers.execute(
          () -> {
            affinity.bind();
            try {
              MountRoot.ask(directory);
            } finally {
              affinity.free();
            }
          });
    } catch (RejectedExecutionException e) {
      LOG.debug("{}: nothing to ask for: the mount has ended", directory);
    }
  }

  /** One more reader; to be called while another is there. */
  void readerBegins() {
    readersLeft.incrementAndGet();
  }

  /** The end of one reader; of the mount, if it was the last. */
  void readerEnded(Throwable fault) {
    if (fault != null) {
      LOG.error("{}: a thread that serves requests ended by a fault", directory, fault);
    }
    if (readersLeft.decrementAndGet() == 0) {
      end();
    }
  }

  private void serveDetached(Device device, Request request) {
    try {
      serve(device, request);
    } finally {
      if (Dispatcher.isSync(request)) {
        serveWaitingSyncs(() -> {});
      }
      request.free();
    }
  }

  /** Answers a request; whatever happens. */
  void serve(RequestSource source, Request request) {
    int opcode = request.opcode();
    int outcome = dispatcher.answer(request);
    if (outcome != Dispatcher.NO_ANSWER) {
      sent(opcode, source.answer(request, Math.min(outcome, 0), Math.max(outcome, 0)));
    }
  }

  /** A ring that cannot go on would leave those who use the mount waiting for good. */
  void ringFailed(String ring, Throwable fault) {
    LOG.error("{}: {} failed; the mount is cut off", directory, ring, fault);
    try {
      if (!FuseConnection.cutOff(directory)) {
        MountPoint.unmountLazily(directory);
        LOG.error("{}: whoever waits for it goes on waiting until the daemon ends", directory);
      }
    } catch (IOException | RuntimeException e) {
      LOG.error("{}: the mount could not be cut off", directory, e);
    }
  }

  private void sent(int opcode, Errno error) {
    if (error != null && error != Errno.ENOENT && error != Errno.ENODEV) {
      LOG.error(
          "{}: the kernel refused an answer to request {}: {}",
          directory,
          opcode,
          error.description());
    }
  }

  /** Runs in the last reader. */
  private void end() {
    Throwable failure = null;
    try {
      fileSystem.cachedBy(null);
      notifier.close();
      if (writeBackClock != null) {
        writeBackClock.close();
      }
      sleepers.shutdown();
      if (!sleepers.awaitTermination(SLEEPERS_SECONDS_MAX, TimeUnit.SECONDS)) {
        LOG.warn("{}: requests are still under way after the mount has ended", directory);
      } else if (rings != null) {
        rings.close();
      }
      devices.stream().distinct().forEach(Device::close);
      fileSystem.syncAll();
    } catch (Throwable fault) {
      LOG.error("{}: the end of the mount failed", directory, fault);
      failure = fault;
    }
    onEnd.accept(failure);
  }
}
