package dev.firn.map;

import dev.firn.base.LongWork;
import dev.firn.store.Compression;
import dev.firn.store.CorruptDataException;
import dev.firn.store.Draft;
import dev.firn.store.LogPosition;
import dev.firn.store.LogScanner;
import dev.firn.store.NoSpaceException;
import dev.firn.store.RecordPointer;
import dev.firn.store.RecordReader;
import dev.firn.store.RecordType;
import dev.firn.store.SegmentLog;
import dev.firn.store.Superblock;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The durable block map of one volume: its head, its frozen roots, and the log that keeps them.
 *
 * <p>How it works: changes go to the trees in memory and, in the same exclusive section, into a
 * buffer of deltas. A commit takes the buffer, writes the file bytes that it refers to, then the
 * deltas, then a COMMIT, and syncs once. A checkpoint is a commit that also freezes the trees;
 * their changed nodes are then written beside the ongoing work, and the superblock is moved on, so
 * that replay begins there.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>The tree of frozen roots and the head change only together with the delta buffer, under the
 *       exclusive lock: replaying all deltas from a checkpoint gives the trees in memory.
 *   <li>A pointer is written only behind what it points to, and the superblock only behind a sync.
 *   <li>No lock over the trees is held across I/O, except to load a node that no cache holds.
 *   <li>Locks are taken in this order: {@link MapStore}'s, checkpointLock, commitLock, lock. Who
 *       has one of the last three never asks for MapStore's.
 *   <li>Once {@link #close} or {@link #abandon} has returned, no checkpoint and no commit writes to
 *       the log or the superblock: others may delete them, or open them anew. Both wait for those
 *       under way, and an abandoned checkpoint breaks off.
 *   <li>After a failed write or sync nothing is written any more; reading goes on. A write that met
 *       a full disk is no such failure: what was to be written waits, in order, for the next
 *       commit.
 * </ul>
 *
 * Safe for concurrent use.
 */
public final class VolumeMap implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(VolumeMap.class);

  /** Deltas that wait for their commit before writers are made to commit themselves. */
  private static final int DELTA_BYTES_MAX = 32 << 20;

  /** Deltas since the last checkpoint beyond which replay would take long. */
  private static final long REPLAY_BYTES_MAX = 32L << 20;

  /** How many times the usual number of changed nodes a full disk may leave in memory. */
  private static final int CHANGED_ON_FULL_DISK_TIMES = 3;

  /** Work under the shared lock; short, and no waiting inside. */
  @FunctionalInterface
  public interface ReadAction<T> {
    T run(MapView head) throws IOException;
  }

  /** Work under the exclusive lock. Check everything first: a change cannot be taken back. */
  @FunctionalInterface
  public interface EditAction<T> {
    T run(MapEditor head) throws IOException;
  }

  /** Work of {@link #holdingPlaces}. */
  @FunctionalInterface
  public interface PlaceAction<T> {
    T run() throws IOException;
  }

  /** Puts what the layer above holds back into the map; runs under the exclusive lock. */
  @FunctionalInterface
  public interface SealHook {
    void seal(MapEditor head) throws IOException;
  }

  /** A snapshot as the log knows it. */
  public record FrozenRoot(long number, byte[] metadata) {}

  /** What {@link #copyFrozen} keeps the head under for a moment; snapshots begin at 1. */
  private static final long NO_SNAPSHOT = 0;

  private final MapStore store;
  private final long number;
  private final Compression compression;
  private final String placement;
  private final NodeStore nodes;
  private final MapOptions options;
  private final SegmentLog log;
  private final Superblock superblock;
  private final Editor editor = new Editor();

  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  // Guarded by lock.
  private final BlockMap head;
  private final FrozenRoots snapshots;
  private DeltaBuffer delta = new DeltaBuffer();
  private SealHook sealHook = editor -> {};
  private volatile boolean closed;

  private final ReentrantLock commitLock = new ReentrantLock();
  private final AtomicLong commitsWanted = new AtomicLong();
  // Guarded by commitLock.
  private long commitsDone;

  /** Groups that a commit took and could not write since the disk is full. */
  private final List<DeltaBuffer> unwritten = new ArrayList<>();

  /** The bytes of these; set with commitLock. */
  private volatile long unwrittenBytes;

  /** Whether the last group could not be written; guarded by commitLock. */
  private boolean isFull;

  private final ReentrantLock checkpointLock = new ReentrantLock();
  // Guarded by checkpointLock.
  private Superblock.Content lastCheckpoint;

  /** Whether nodes have places that a checkpoint which broke off has not forced. */
  private boolean placesAreUnforced;

  private volatile byte[] metadata;
  private volatile long replayBytes;
  private volatile long changedBytes;

  /** Changed nodes that the last checkpoint left in memory, since the disk was full. */
  private volatile long leftBytes;

  private final StagedExtents staged = new StagedExtents();
  private final InFlight inFlight = new InFlight();

  private final RootsInUse inUse = new RootsInUse();
  private final EndOfWriting end;

  VolumeMap(MapStore store, Superblock superblock, Superblock.Content content) throws IOException {
    this.store = store;
    this.number = content.volumeNumber();
    this.compression = content.compression();
    this.placement = content.placement();
    this.nodes = store.nodes();
    this.options = store.options();
    this.superblock = superblock;
    this.lastCheckpoint = content;
    this.metadata = content.metadata();
    this.head = new BlockMap(nodes, options.pageBytes(), content.head());
    this.snapshots =
        new FrozenRoots(nodes, new BlockMap(nodes, options.pageBytes(), content.snapshots()));
    LogScanner.Result result =
        new LogScanner(store.segments(), store.records(), content.volumeNumber())
            .scan(content.replayFrom(), this::replayGroup);
    this.log =
        new SegmentLog(
            store.segments(),
            content.volumeNumber(),
            content.placement(),
            options.segmentBytesMax(),
            result.end());
    this.end = new EndOfWriting(log, () -> store.describe(content.volumeNumber()));
    if (result.torn()) {
      LOG.warn(
          "volume {}: dropped a group of changes that a crash tore before it was durable",
          content.volumeNumber());
    }
    if (result.groups() > 0) {
      LOG.info("volume {}: replayed {} commits", content.volumeNumber(), result.groups());
      try {
        checkpoint();
      } catch (NoSpaceException e) {
        LOG.warn(
            "volume {}: the disk is full, so the next start will replay them again",
            content.volumeNumber());
      }
    }
  }

  public long number() {
    return number;
  }

  /** What {@link #setMetadata} was last given; empty before. The array is not to be changed. */
  public byte[] metadata() {
    return metadata;
  }

  /**
   * Keeps bytes beside the volume, of which it knows nothing; durable on return. They are not a
   * part of the head: going back to a snapshot leaves them as they are.
   *
   * @param bytes at most {@link Superblock#METADATA_BYTES_MAX}
   */
  public void setMetadata(byte[] bytes) throws IOException {
    if (bytes.length > Superblock.METADATA_BYTES_MAX) {
      throw new IllegalArgumentException("metadata of " + bytes.length + " bytes");
    }
    checkpointLock.lock();
    try {
      metadata = bytes.clone();
      checkpoint();
    } finally {
      checkpointLock.unlock();
    }
  }

  NodeStore nodes() {
    return nodes;
  }

  /** From now on what is written stays in the system's cache, since no other has it. */
  public void keepCached() {
    log.keepCached();
  }

  /** Called before every commit and freeze, so that those cover all that was done before. */
  public void setSealHook(SealHook hook) {
    lock.writeLock().lock();
    try {
      sealHook = hook;
    } finally {
      lock.writeLock().unlock();
    }
  }

  public <T> T read(ReadAction<T> action) throws IOException {
    lock.readLock().lock();
    try {
      return action.run(editor);
    } finally {
      lock.readLock().unlock();
    }
  }

  /**
   * Throws an IOException for good once a write or sync of this volume's log failed.
   *
   * @throws NoSpaceException if the disk is full and no more may wait in memory: nothing was done
   */
  public <T> T write(EditAction<T> action) throws IOException {
    if (lock.getReadHoldCount() == 0) {
      requireMemory();
    }
    T result;
    boolean crowded;
    lock.writeLock().lock();
    try {
      result = edit(action);
      crowded = delta.length() > DELTA_BYTES_MAX;
      changedBytes = head.changedNodes() * options.pageBytes();
    } finally {
      lock.writeLock().unlock();
    }
    if (crowded && lock.getReadHoldCount() == 0) {
      LongWork.begins();
      try {
        commit();
      } catch (NoSpaceException e) {
        // What was done is done, and waits for space. The next change is refused before it is.
        LOG.debug("{}: what waits to be written stays in memory", store.describe(number), e);
      }
    }
    return result;
  }

  /** On a full disk changes wait in memory, which is not endless either. */
  private void requireMemory() throws IOException {
    if (unwrittenBytes > DELTA_BYTES_MAX) {
      LongWork.begins();
      commit();
    }
    long allowed = CHANGED_ON_FULL_DISK_TIMES * options.changedBytesMax();
    if (leftBytes > 0 && leftBytes + changedBytes > allowed) {
      LongWork.begins();
      try {
        checkpoint();
      } catch (NoSpaceException e) {
        // Counted anew meanwhile: what changes again and again is in memory once.
        if (leftBytes > allowed) {
          throw e;
        }
      }
    }
  }

  /**
   * Runs under the exclusive lock; a change that breaks off in its middle is the end of writing.
   */
  private <T> T edit(EditAction<T> action) throws IOException {
    requireWritable();
    int before = delta.length();
    boolean whole = false;
    try {
      T result = action.run(editor);
      whole = true;
      return result;
    } finally {
      if (!whole && delta.length() != before) {
        end.comes(new IOException("a change broke off half way"));
      }
    }
  }

  /**
   * Refuses work that would need more of the disk than there is, apart from the reserve that lets
   * deleting, syncing and unmounting go on.
   *
   * @throws dev.firn.store.NoSpaceException if so
   */
  public void requireSpace(long bytes) throws IOException {
    if (staged.bytes() > 2 * options.stagedBytesMax()) {
      relieve();
    }
    store.space(placement).require(bytes + staged.bytes());
  }

  /**
   * Takes bytes into the volume (the array now belongs to it). They survive a crash once a
   * reference was put and committed. Call it in the edit that puts the reference, or within {@link
   * #holdingPlaces}: others may write them at once, and their space is given back while nothing
   * refers to it.
   *
   * @param frame as in {@link FileRun}, the map's as well; may be null
   */
  public PendingExtent stage(byte[] bytes, int length, ByteBuffer frame) {
    return staged.add(bytes, length, frame);
  }

  /**
   * Compresses and writes runs of file bytes at once, which are the caller's again afterwards. For
   * long ones. Call it without locks, and until references were put within {@link #holdingPlaces}.
   * What has not been put into the map when writing ends is garbage.
   *
   * @return for each run what stands for it
   */
  public List<ExtentRef> store(List<FileRun> runs) throws IOException {
    requireWritable();
    List<Draft> drafts = new ArrayList<>(runs.size());
    for (FileRun run : runs) {
      drafts.add(run.draft(compression));
    }
    end.unlessDone(
        "writing file bytes broke off",
        () -> {
          log.append(drafts);
          return null;
        });
    List<ExtentRef> extents = new ArrayList<>(runs.size());
    for (Draft draft : drafts) {
      extents.add(ExtentRef.stored(draft.pointer(), draft.blocks()));
    }
    return extents;
  }

  /**
   * Compresses and writes staged extents while more than the limit wait, and checkpoints when too
   * many nodes have changed. Call it without locks, after each write: it is what slows writers down
   * to the speed of the disk.
   */
  public void relieve() throws IOException {
    while (staged.bytes() > options.stagedBytesMax()) {
      if (!writeStagedBatch()) {
        break;
      }
    }
    if (changedBytes > options.changedBytesMax() || replayBytes > REPLAY_BYTES_MAX) {
      store.requestCheckpoint(this);
      if (changedBytes > 2 * options.changedBytesMax()) {
        LongWork.begins();
        checkpoint();
      }
    }
  }

  /**
   * Runs work that holds places of records outside of the lock: from storing bytes to putting what
   * stands for them, or from looking up extents to having read them. Meanwhile their space is not
   * given back.
   */
  public <T> T holdingPlaces(PlaceAction<T> action) throws IOException {
    int side = inFlight.enter();
    try {
      return action.run();
    } finally {
      inFlight.leave(side);
    }
  }

  private boolean writeStagedBatch() throws IOException {
    // The log knows only of its own failures, not of the superblock's.
    requireWritable();
    // From when the log gives out a place until the extent knows it.
    int side = inFlight.enter();
    try {
      return end.unlessDone(
          "writing file bytes broke off", () -> staged.writeBatch(log, compression));
    } finally {
      inFlight.leave(side);
    }
  }

  /**
   * Puts an extent's bytes into {@code target}, which may hold anything after an error; needs no
   * lock.
   */
  private void readExtent(ExtentRef extent, ByteBuffer target) throws IOException {
    byte[] bytes = extent.bytesInMemory();
    if (bytes != null) {
      target.put(bytes, extent.offsetInside(), extent.length());
      return;
    }
    int end = target.limit();
    target.limit(target.position() + extent.length());
    store.records().readExtent(extent.place(), extent.blocks(), extent.offsetInside(), target);
    target.limit(end);
  }

  /**
   * Puts the bytes of one or more extents into {@code target}, which may hold anything after an
   * error: of the first, and of those behind it that one reading can bring as well; needs no lock.
   *
   * @param extents not empty
   * @return how many extents' bytes were put
   */
  public int readExtents(List<ExtentRef> extents, ByteBuffer target) throws IOException {
    if (extents.size() == 1 || !target.isDirect()) {
      readExtent(extents.get(0), target);
      return 1;
    }
    List<RecordPointer> records = new ArrayList<>(extents.size());
    for (ExtentRef extent : extents) {
      if (!extent.isWholeRecord() || !RecordReader.isReadInPlace(extent.place())) {
        break;
      }
      records.add(extent.place());
    }
    if (records.size() > 1) {
      return store.records().readInPlace(records, target);
    }
    readExtent(extents.get(0), target);
    return 1;
  }

  /** An extent's bytes, in an array of their own. */
  public byte[] extentBytes(ExtentRef extent) throws IOException {
    byte[] bytes = new byte[extent.length()];
    readExtent(extent, ByteBuffer.wrap(bytes));
    return bytes;
  }

  /** Everything done before the call is durable when it returns. Callers share one sync. */
  public void commit() throws IOException {
    long ticket = commitsWanted.incrementAndGet();
    commitLock.lock();
    try {
      if (commitsDone < ticket) {
        commitGroup(false);
      }
    } finally {
      commitLock.unlock();
    }
  }

  /** The roots of one moment, frozen for a checkpoint, and where replay goes on behind them. */
  private record CheckpointRoots(Node head, Node snapshots, LogPosition replayFrom) {}

  /** Writes one group; guarded by commitLock. Answers the roots if they were asked for. */
  private CheckpointRoots commitGroup(boolean freezeRoots) throws IOException {
    long covers = commitsWanted.get();
    DeltaBuffer group = null;
    Node headRoot = null;
    Node snapshotsRoot = null;
    lock.writeLock().lock();
    try {
      requireWritable();
      edit(
          map -> {
            sealHook.seal(map);
            return null;
          });
      if (delta.length() > 0) {
        // An empty one stays: others fill it as soon as the lock is free.
        group = delta;
        delta = new DeltaBuffer();
      }
      if (freezeRoots) {
        headRoot = head.freeze();
        snapshotsRoot = snapshots.tree().freeze();
        head.clearChangedNodes();
        changedBytes = 0;
      }
    } finally {
      lock.writeLock().unlock();
    }
    if (group != null) {
      unwritten.add(group);
      unwrittenBytes += group.length();
    }
    LogPosition behind = null;
    if (!unwritten.isEmpty() || freezeRoots) {
      try {
        behind = withReserve("a commit broke off", this::writeUnwritten);
      } catch (NoSpaceException e) {
        tellFull();
        throw e;
      }
      if (isFull) {
        isFull = false;
        LOG.info("{}: its changes are on the disk again", store.describe(number));
      }
    }
    commitsDone = covers;
    return freezeRoots ? new CheckpointRoots(headRoot, snapshotsRoot, behind) : null;
  }

  /** Writes what makes room once it is written: for that the disk has set something aside. */
  private <T> T withReserve(String otherwise, PlaceAction<T> work) throws IOException {
    try {
      return end.unlessDone(otherwise, work);
    } catch (NoSpaceException e) {
      if (!store.space(placement).giveUp()) {
        throw e;
      }
      LOG.warn(
          "{}: the disk is full; what was set aside is used now, and nothing may grow until there"
              + " is space",
          store.describe(number));
      return end.unlessDone(otherwise, work);
    }
  }

  private void tellFull() {
    if (!isFull) {
      isFull = true;
      LOG.warn(
          "{}: the disk is full; changes wait in memory until there is space, and no sync succeeds",
          store.describe(number));
    }
  }

  /** Guarded by commitLock. */
  private LogPosition writeUnwritten() throws IOException {
    List<Draft> drafts = new ArrayList<>();
    for (DeltaBuffer group : unwritten) {
      for (Unplaced missing : group.unplaced()) {
        place(missing);
      }
      for (byte[] record : group.records()) {
        drafts.add(Draft.of(RecordType.DELTA, compression, record, record.length));
      }
    }
    LogPosition behind = log.commit(drafts);
    replayBytes += unwrittenBytes;
    unwritten.clear();
    unwrittenBytes = 0;
    return behind;
  }

  private void place(Unplaced missing) throws IOException {
    PendingExtent extent = (PendingExtent) missing;
    while (extent.pointer() == null && writeStagedBatch()) {
      // The queue is emptied in order; the wanted one comes, or someone else has it.
    }
    extent.awaitPlaced();
  }

  /** Commits and writes all nodes, so that opening needs no replay. */
  public void checkpoint() throws IOException {
    checkpointLock.lock();
    try {
      letGoOfNodes(checkpointRoots());
      leftBytes = 0;
    } catch (NoSpaceException e) {
      leftBytes = unwrittenNodeBytes();
      throw e;
    } finally {
      checkpointLock.unlock();
    }
  }

  /** Makes a checkpoint of roots of this moment; guarded by checkpointLock. */
  private CheckpointRoots checkpointRoots() throws IOException {
    CheckpointRoots roots;
    commitsWanted.incrementAndGet();
    long replayedOtherwise;
    commitLock.lock();
    try {
      roots = commitGroup(true);
      replayedOtherwise = replayBytes;
      replayBytes = 0;
    } finally {
      commitLock.unlock();
    }
    boolean done = false;
    try {
      withReserve("a checkpoint broke off", () -> writeCheckpoint(roots));
      done = true;
    } finally {
      if (!done) {
        addReplayBytes(replayedOtherwise);
      }
    }
    return roots;
  }

  /** What nodes without a place take in memory. */
  long unwrittenNodeBytes() {
    lock.readLock().lock();
    try {
      return CheckpointWriter.unwrittenNodes(head.root(), snapshots.tree().root())
          * options.pageBytes();
    } finally {
      lock.readLock().unlock();
    }
  }

  /**
   * Where a frozen root is, for those who refer to it from outside of this volume's log. Null if
   * this volume does not know it any more.
   */
  RecordPointer durablePlace(FrozenMap frozen) throws IOException {
    checkpointLock.lock();
    try {
      requireWritable();
      if (frozen.root().pointer() == null) {
        checkpoint();
      } else if (placesAreUnforced) {
        end.unlessDone(
            "a sync broke off",
            () -> {
              log.sync();
              return null;
            });
        placesAreUnforced = false;
      }
      return frozen.root().pointer();
    } finally {
      checkpointLock.unlock();
    }
  }

  private void addReplayBytes(long bytes) {
    commitLock.lock();
    try {
      replayBytes += bytes;
    } finally {
      commitLock.unlock();
    }
  }

  private Void writeCheckpoint(CheckpointRoots roots) throws IOException {
    CheckpointWriter writer = new CheckpointWriter(nodes, this::appendNodes, compression);
    placesAreUnforced = true;
    RecordPointer headPointer = writer.write(roots.head(), roots.snapshots());
    Superblock.Content content =
        new Superblock.Content(
            lastCheckpoint.sequence() + 1,
            number,
            headPointer,
            roots.snapshots().pointer(),
            roots.replayFrom(),
            compression,
            placement,
            metadata);
    byte[] copy = Superblock.encode(content);
    log.append(List.of(Draft.of(RecordType.CHECKPOINT, compression, copy, copy.length)));
    log.sync();
    placesAreUnforced = false;
    requireOpen();
    superblock.write(content);
    lastCheckpoint = content;
    return null;
  }

  private void appendNodes(List<Draft> drafts) throws IOException {
    requireOpen();
    log.append(drafts);
  }

  /** What was written need not be in memory any more. */
  private void letGoOfNodes(CheckpointRoots roots) throws IOException {
    lock.writeLock().lock();
    try {
      if (head.root() == roots.head()) {
        head.reset(nodes.load(roots.head().pointer()));
      }
      if (snapshots.tree().root() == roots.snapshots()) {
        snapshots.tree().reset(nodes.load(roots.snapshots().pointer()));
      }
      head.settle();
      snapshots.tree().settle();
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * From where this volume reaches records. Afterwards that is durable: no crash brings back what
   * could not be reached at that moment.
   */
  ReclaimRoots reclaimRoots() throws IOException {
    LogPosition keptFrom = null;
    NoSpaceException full = null;
    try {
      keptFrom = failure() == null ? moveSuperblock() : null;
    } catch (NoSpaceException e) {
      // All of its own segments stay, so that what is durable can be replayed. What that refers to
      // in others is in the trees of its superblock.
      full = e;
    }
    // Stored before that place but not put yet: after this it has been put, or never will be.
    inFlight.awaitAll();
    List<Object> heads = new ArrayList<>();
    List<Object> tables = new ArrayList<>();
    checkpointLock.lock();
    try {
      for (Superblock.Content slot : superblock.readAll()) {
        addUnlessNull(heads, slot.head());
        addUnlessNull(tables, slot.snapshots());
      }
      lock.writeLock().lock();
      try {
        heads.add(head.freeze());
        tables.add(snapshots.tree().freeze());
        heads.addAll(inUse.roots());
      } finally {
        lock.writeLock().unlock();
      }
    } finally {
      checkpointLock.unlock();
    }
    if (failure() == null) {
      try {
        commit();
      } catch (NoSpaceException e) {
        full = e;
      }
    }
    boolean kept = failure() != null || full != null;
    return new ReclaimRoots(this, kept ? null : keptFrom, heads, tables, full);
  }

  /** The head, the table and the frozen roots of now, written to the disk as far as that can be. */
  KeptRoots keptRoots() throws IOException {
    if (failure() == null) {
      try {
        commit();
        if (needsCheckpoint()) {
          checkpoint();
        }
      } catch (NoSpaceException e) {
        // Above all then users want to know what holds the disk.
        LOG.debug("{}: what has no place yet is not counted", store.describe(number), e);
      }
    }
    lock.writeLock().lock();
    try {
      return new KeptRoots(head.freeze(), snapshots.tree().freeze(), snapshots.roots());
    } finally {
      lock.writeLock().unlock();
    }
  }

  private static void addUnlessNull(List<Object> roots, RecordPointer root) {
    if (root != null) {
      roots.add(root);
    }
  }

  /**
   * Checkpoints until both slots of the superblock are of now, unless nothing has changed since.
   *
   * @return where recovery would begin with the older one
   */
  private LogPosition moveSuperblock() throws IOException {
    for (int i = 0; i < 2 && !superblockIsOfNow(); i++) {
      checkpoint();
    }
    LogPosition oldest = null;
    for (Superblock.Content slot : superblock.readAll()) {
      LogPosition from = slot.replayFrom();
      if (oldest == null || from.isBefore(oldest)) {
        oldest = from;
      }
    }
    return oldest;
  }

  private boolean superblockIsOfNow() throws IOException {
    List<Superblock.Content> slots = superblock.readAll();
    Superblock.Content newest = slots.get(0);
    Superblock.Content oldest = slots.get(slots.size() - 1);
    lock.readLock().lock();
    try {
      return delta.length() == 0
          && unwrittenBytes == 0
          && replayBytes == 0
          && Objects.equals(newest.head(), oldest.head())
          && Objects.equals(newest.snapshots(), oldest.snapshots());
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Grows whenever somebody reads or writes bytes of files. */
  long placesTaken() {
    return inFlight.entries();
  }

  /** Waits for all who hold places of records now. One caller at a time. */
  void awaitPlaceHolders() {
    inFlight.awaitAll();
  }

  /** The head of this moment, for as long as the caller keeps it. Constant time. */
  public FrozenMap freeze() throws IOException {
    return write(
        map -> {
          sealHook.seal(map);
          return issue(head.freeze());
        });
  }

  /**
   * As {@link #freeze}, but of the map alone: what the layer above holds back is not in it, and
   * stays held back. Changes nothing, so it also works when writing has ended.
   */
  public FrozenMap freezeUnsealed() throws IOException {
    lock.writeLock().lock();
    try {
      requireOpen();
      return issue(head.freeze());
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Hands out a frozen root, whose space is not given back while it is in use. With a lock. */
  private FrozenMap issue(Node root) {
    return inUse.add(new FrozenMap(this, root));
  }

  void takeBack(FrozenMap issued) {
    inUse.remove(issued);
  }

  /** Freezes the head under a number. Constant time; durable with the next {@link #commit}. */
  public void freezeAs(long snapshotNumber, byte[] metadata) throws IOException {
    write(
        map -> {
          sealHook.seal(map);
          delta.freeze(snapshotNumber, metadata);
          snapshots.put(snapshotNumber, metadata, head.freeze());
          return null;
        });
  }

  /**
   * Gives a frozen root a second number, or, with the same number, other metadata. Constant time;
   * durable with the next {@link #commit}.
   *
   * <p>The log has no operation for this, and needs none: it says that the head was kept, went back
   * to the root, was frozen there, and returned. All of that is one change, so no recovery ends in
   * the middle of it.
   */
  public void copyFrozen(long from, long to, byte[] metadata) throws IOException {
    write(
        map -> {
          Node root = snapshots.find(from);
          if (root == null) {
            throw new IOException("no snapshot " + from + " in volume " + number());
          }
          delta.freeze(NO_SNAPSHOT, new byte[0]);
          delta.reset(from);
          delta.freeze(to, metadata);
          delta.reset(NO_SNAPSHOT);
          delta.drop(NO_SNAPSHOT);
          snapshots.put(to, metadata, root);
          return null;
        });
  }

  /** The frozen root with this number, or null. */
  public FrozenMap frozen(long snapshotNumber) throws IOException {
    lock.readLock().lock();
    try {
      Node root = snapshots.find(snapshotNumber);
      return root == null ? null : issue(root);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** All frozen roots, ascending by number. */
  public List<FrozenRoot> frozenRoots() throws IOException {
    lock.readLock().lock();
    try {
      return snapshots.list();
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Tells that file bytes of the head have lost a reference, which may have been their last. */
  public void released(long bytes) {
    store.releasedBytes(bytes);
  }

  /**
   * The table of frozen roots as it is now; its space is not given back until it is closed. Works
   * when writing has ended, too.
   */
  FrozenMap freezeTable() throws IOException {
    lock.writeLock().lock();
    try {
      requireOpen();
      return issue(snapshots.tree().freeze());
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Forgets a frozen root; durable with the next commit. False if there was none. */
  public boolean dropFrozen(long snapshotNumber) throws IOException {
    return write(
        map -> {
          if (!snapshots.remove(snapshotNumber)) {
            return false;
          }
          delta.drop(snapshotNumber);
          store.droppedRoot();
          return true;
        });
  }

  /**
   * Makes the head equal to a frozen root; durable with the next commit. Nothing may hold changes
   * of the old head back at that time.
   */
  public void resetTo(long snapshotNumber) throws IOException {
    write(
        map -> {
          Node root = snapshots.find(snapshotNumber);
          if (root == null) {
            throw new IOException("no snapshot " + snapshotNumber + " in volume " + number());
          }
          delta.reset(snapshotNumber);
          head.reset(root);
          return null;
        });
  }

  /**
   * Commits, checkpoints and lets go of the log. Closing twice is no error.
   *
   * @throws NoSpaceException if the disk is full: then it stays open, since what waits for space is
   *     in memory alone, and {@link MapStore#open} answers it again
   */
  @Override
  public void close() throws IOException {
    store.forget(this);
    lock.readLock().lock();
    try {
      if (closed) {
        return;
      }
    } finally {
      lock.readLock().unlock();
    }
    boolean waits = false;
    try {
      if (failure() == null) {
        commitToClose();
      }
    } catch (NoSpaceException e) {
      waits = true;
      throw e;
    } finally {
      if (waits) {
        store.keepOpen(this);
      } else {
        setClosed();
      }
    }
  }

  private void commitToClose() throws IOException {
    commit();
    // One that is under way ends before it is asked for.
    checkpointLock.lock();
    try {
      if (needsCheckpoint()) {
        checkpoint();
      }
    } catch (NoSpaceException e) {
      LOG.info("{}: the disk is full, so opening it will take longer", store.describe(number), e);
    } finally {
      checkpointLock.unlock();
    }
  }

  /** Refuses all work from now on, and waits for what writes. */
  private void setClosed() {
    lock.writeLock().lock();
    try {
      closed = true;
    } finally {
      lock.writeLock().unlock();
    }
    checkpointLock.lock();
    try {
      commitLock.lock();
      commitLock.unlock();
    } finally {
      checkpointLock.unlock();
    }
  }

  /** Lets go without writing anything more, as a crash would. */
  void abandon() {
    store.forget(this);
    setClosed();
  }

  private boolean needsCheckpoint() {
    return replayBytes > 0;
  }

  /** Why writing ended, or null. */
  public IOException failure() {
    return end.cause();
  }

  /** In one line for users why writing ended and what to do, or null. */
  public String problem() {
    return end.problem();
  }

  private void requireWritable() throws IOException {
    end.requireNone();
    requireOpen();
  }

  private void requireOpen() throws IOException {
    if (closed) {
      throw new ClosedMapException(number());
    }
  }

  private void replayGroup(List<byte[]> deltas) throws IOException {
    for (byte[] record : deltas) {
      replayBytes += record.length;
      DeltaBuffer.replay(record, new Replayer());
    }
  }

  private final class Replayer implements DeltaBuffer.Replay {
    @Override
    public void put(byte[] key, byte[] value) throws IOException {
      head.put(key, value, null);
    }

    @Override
    public void delete(byte[] key) throws IOException {
      head.delete(key);
    }

    @Override
    public void freeze(long number, byte[] metadata) throws IOException {
      snapshots.put(number, metadata, head.freeze());
    }

    @Override
    public void drop(long number) throws IOException {
      snapshots.remove(number);
    }

    @Override
    public void reset(long number) throws IOException {
      Node root = snapshots.find(number);
      if (root == null) {
        throw new CorruptDataException(
            "log goes back to snapshot " + number + ", which is not there");
      }
      head.reset(root);
    }
  }

  private final class Editor implements MapEditor {
    @Override
    public MapEntry get(byte[] key) throws IOException {
      return head.get(key);
    }

    @Override
    public MapEntry floor(byte[] key) throws IOException {
      return head.floor(key);
    }

    @Override
    public MapCursor cursor(byte[] from) {
      return head.cursor(from);
    }

    @Override
    public void put(byte[] key, byte[] value, PendingExtent pending) throws IOException {
      assert lock.isWriteLockedByCurrentThread();
      delta.put(key, value, pending);
      head.put(key, value, pending);
    }

    @Override
    public boolean delete(byte[] key) throws IOException {
      assert lock.isWriteLockedByCurrentThread();
      // When the tree cannot be read this far, it is as it was.
      if (!head.delete(key)) {
        return false;
      }
      delta.delete(key);
      return true;
    }
  }
}
