package dev.firn.store;

import dev.firn.base.Bytes;
import dev.firn.base.DiskErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The append-only log of one volume, over a chain of segments.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A place is given out once, under the lock; bytes are written outside of it, so appends of
 *       several threads overlap.
 *   <li>A COMMIT record is written only when all older segments were forced, and forced only when
 *       every record before it is written; the next one is written only after that force returned.
 *       So at most the last group of a log can be torn by a crash. It says up to which LSN all
 *       records are durable, those of a checkpoint included: recovery takes none of them for torn.
 *   <li>After one failed write or force nothing is written any more, unless the write met a full
 *       disk: then the log goes on in a new segment that continues the old one from the gap on, and
 *       no COMMIT counts that lies behind a gap. Records there can still be read by their pointers.
 *   <li>A segment is begun by the first append that needs it: an idle volume writes nothing.
 * </ul>
 *
 * Safe for concurrent use; {@link #commit} and {@link #sync} are serialised among themselves.
 */
public final class SegmentLog {
  private static final Logger LOG = LoggerFactory.getLogger(SegmentLog.class);
  private static final String FULL = "the disk under the store is full: no space left on device";

  /** Bytes a COMMIT's payload has: durable LSN u64. */
  private static final int COMMIT_BYTES = 8;

  /** How much is written ahead at once. */
  private static final int PREPARED_BYTES = 256 << 10;

  /** How long nothing is written ahead after that met a full disk. */
  private static final long FULL_NANOS = 10_000_000_000L;

  /** Commits with less than that between them are close to each other. */
  private static final long CLOSE_NANOS = 20_000_000;

  private static final int PADDING_BYTES_MAX = VectoredFile.BLOCK_BYTES + RecordFormat.HEADER_BYTES;

  /** What is written at once, without the padding. */
  private static final int RUN_BYTES_MAX = RecordWriter.RUN_BYTES_MAX - 2 * PADDING_BYTES_MAX;

  private final SegmentStore store;
  private final RecordWriter writer;
  private final long volumeNumber;
  private final String placement;
  private final long segmentBytesMax;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition written = lock.newCondition();
  private final ReentrantLock syncLock = new ReentrantLock();

  // Guarded by lock.
  private long segment;
  private long offset;
  private SegmentHead head;
  private boolean begun;
  private long nextLsn;
  private long reservations;
  private final TreeSet<Long> inFlight = new TreeSet<>();
  private final List<Long> unforced = new ArrayList<>();

  /**
   * The first place that was given out and could not be written since the disk is full, or null.
   */
  private volatile LogPosition gap;

  private volatile IOException failure;

  // Guarded by syncLock.
  private long durableLsn;
  private long preparedSegment;
  private long preparedEnd;
  private long preparedNanos = System.nanoTime() - CLOSE_NANOS;

  /**
   * From now on what is written stays in the system's cache: for volumes whose users read past
   * their own.
   */
  public void keepCached() {
    writer.keepCached();
  }

  /**
   * A log that goes on behind {@code end}, in a new segment.
   *
   * @param end behind the last record that counts; what follows in its segment is dead
   */
  public SegmentLog(
      SegmentStore store,
      long volumeNumber,
      String placement,
      long segmentBytesMax,
      LogPosition end)
      throws IOException {
    this.store = store;
    this.writer = new RecordWriter(store);
    this.volumeNumber = volumeNumber;
    this.placement = placement;
    this.segmentBytesMax = segmentBytesMax;
    long newest = newestSegment(store, volumeNumber);
    if (newest == 0 && end.offset() == 0) {
      this.segment = end.segment();
      this.head = new SegmentHead(volumeNumber, 0, 0);
    } else {
      this.segment = Math.max(newest, end.segment()) + 1;
      this.head = new SegmentHead(volumeNumber, end.segment(), end.offset());
    }
    this.nextLsn = end.nextLsn();
    this.durableLsn = end.nextLsn() - 1;
  }

  /** Where the next record will go. */
  public LogPosition position() {
    lock.lock();
    try {
      return new LogPosition(segment, offset, nextLsn);
    } finally {
      lock.unlock();
    }
  }

  /** Why nothing can be written any more, or null. */
  public IOException failure() {
    return failure;
  }

  /**
   * Writes records one behind the other and sets their pointers. They survive a crash after the
   * next {@link #commit} or {@link #sync}.
   *
   * @throws NoSpaceException if the disk is full: they may be appended again
   */
  public void append(List<Draft> drafts) throws IOException {
    int from = 0;
    while (from < drafts.size()) {
      int bytes = 0;
      int to = from;
      while (to < drafts.size()
          && (to == from || bytes + drafts.get(to).recordBytes() <= RUN_BYTES_MAX)) {
        bytes += drafts.get(to).recordBytes();
        to++;
      }
      appendRun(drafts.subList(from, to), bytes);
      from = to;
    }
  }

  private void appendRun(List<Draft> drafts, int bytes) throws IOException {
    boolean isLong = bytes >= VectoredFile.LONG_BYTES_MIN;
    List<Draft> run = drafts;
    Draft before = null;
    long ticket;
    LogPosition place;
    stepOverGap();
    lock.lock();
    try {
      requireWorking();
      if (gap != null) {
        // Only a commit could step over it, or somebody has met it in between.
        throw new NoSpaceException(FULL);
      }
      reserveSegment(isLong ? bytes + 2 * PADDING_BYTES_MAX : bytes);
      place = new LogPosition(segment, offset, nextLsn);
      if (isLong) {
        before = reservePadding();
        run = new ArrayList<>(drafts);
      }
      for (Draft draft : drafts) {
        reserve(draft);
      }
      Draft behind = isLong ? reservePadding() : null;
      if (behind != null) {
        run.add(behind);
      }
      ticket = reservations++;
      inFlight.add(ticket);
    } finally {
      lock.unlock();
    }
    boolean done = false;
    boolean full = false;
    try {
      long start = place.offset();
      if (before != null) {
        writer.write(place.segment(), start, List.of(before));
        start += before.recordBytes();
      }
      writer.write(place.segment(), start, run);
      done = true;
    } catch (IOException e) {
      full = DiskErrors.saysFull(e.getMessage());
      if (full) {
        throw new NoSpaceException(FULL, e);
      }
      fail(e);
      throw e;
    } finally {
      lock.lock();
      try {
        if (full && (gap == null || place.isBefore(gap))) {
          gap = place;
        }
        if (!done && !full && failure == null) {
          failure =
              new IOException("an append to the log of volume " + volumeNumber + " broke off");
        }
        inFlight.remove(ticket);
        written.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Goes on behind a place that could not be written: in a new segment that continues the old one
   * from there. What others wrote behind that place is not replayed, and need not be: those are
   * records that pointers lead to, or a COMMIT whose caller is told that it failed. Not in the
   * middle of a commit, whose records must not lie on both sides.
   */
  private void stepOverGap() throws IOException {
    if (gap == null || syncLock.isHeldByCurrentThread()) {
      return;
    }
    syncLock.lock();
    try {
      stepOverGapBeforeCommit();
    } finally {
      syncLock.unlock();
    }
  }

  /** Guarded by syncLock, before anything of a commit is written. */
  private void stepOverGapBeforeCommit() throws IOException {
    if (gap == null) {
      return;
    }
    lock.lock();
    try {
      // Some of these may meet a full disk, too, at an earlier place. There are no new ones.
      awaitWritten(reservations);
    } finally {
      lock.unlock();
    }
    endLogAt(gap);
    lock.lock();
    try {
      if (!unforced.contains(gap.segment())) {
        // It was forced, and moved on from, before its end was taken away.
        unforced.add(gap.segment());
      }
      head = new SegmentHead(volumeNumber, gap.segment(), gap.offset());
      nextLsn = gap.nextLsn();
      durableLsn = Math.min(durableLsn, nextLsn - 1);
      segment++;
      begun = false;
      gap = null;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes away the header that may be at a gap. Records there may have been written whole, and
   * would make a scan that cannot go on in the new segment, since a crash tore that, go on here,
   * past LSNs that the new segment has: which looks as if a later process had lost something.
   */
  private void endLogAt(LogPosition place) throws IOException {
    long length = store.length(place.segment());
    if (length <= place.offset()) {
      return;
    }
    int bytes = (int) Math.min(RecordFormat.HEADER_BYTES, length - place.offset());
    try {
      store.write(place.segment(), place.offset(), ByteBuffer.allocate(bytes));
    } catch (IOException e) {
      if (DiskErrors.saysFull(e.getMessage())) {
        throw new NoSpaceException(FULL, e);
      }
      fail(e);
      throw e;
    }
  }

  /** Throws if a scan would not come as far as a place, all appends before which have ended. */
  private void requireReachable(LogPosition place) throws NoSpaceException {
    lock.lock();
    try {
      if (gap != null && gap.isBefore(place)) {
        throw new NoSpaceException(FULL);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Gives a record its place behind all others; guarded by lock. */
  private void reserve(Draft draft) {
    draft.lsn = nextLsn++;
    offset += draft.recordBytes();
  }

  /** Moves on to where a long write may begin or end; null if it is there. Guarded by lock. */
  private Draft reservePadding() {
    int bytes = (int) (-offset & (VectoredFile.BLOCK_BYTES - 1));
    if (bytes == 0) {
      return null;
    }
    if (bytes < RecordFormat.HEADER_BYTES) {
      bytes += VectoredFile.BLOCK_BYTES;
    }
    Draft padding = Draft.padding(bytes);
    reserve(padding);
    return padding;
  }

  /** Makes sure that the current segment has room; guarded by lock. */
  private void reserveSegment(int bytes) throws IOException {
    if (begun && offset + bytes > segmentBytesMax) {
      head = new SegmentHead(volumeNumber, segment, offset);
      segment++;
      begun = false;
    }
    if (begun) {
      return;
    }
    // A new file and its first 80 bytes, once a segment: apart from zeros written ahead, the only
    // I/O under this lock.
    try {
      store.create(segment, placement);
      byte[] payload = head.encode();
      Draft first = Draft.of(RecordType.SEGMENT, Compression.NONE, payload, payload.length);
      first.lsn = nextLsn;
      writer.write(segment, 0, List.of(first));
      nextLsn++;
      offset = first.recordBytes();
      unforced.add(segment);
      begun = true;
    } catch (IOException e) {
      if (!DiskErrors.saysFull(e.getMessage())) {
        fail(e);
        throw e;
      }
      discardSegment();
      throw new NoSpaceException(FULL, e);
    }
  }

  /**
   * Takes away a segment that could not be begun on a full disk. Its number is not used again: what
   * is left of it after a crash must not be taken for the next one. Guarded by lock.
   */
  private void discardSegment() {
    try {
      store.delete(segment);
    } catch (IOException e) {
      LOG.debug("An empty segment stays until space is given back", e);
    }
    if (head.previousSegment() == 0) {
      // A scan begins in the log's first segment, and must find a way from there.
      head = new SegmentHead(volumeNumber, segment, 0);
    }
    segment++;
  }

  /** The highest segment of a volume's log, or 0. */
  private static long newestSegment(SegmentStore store, long volumeNumber) throws IOException {
    long newest = 0;
    for (long each : store.list()) {
      if (LogPosition.volumeOf(each) == volumeNumber) {
        newest = Math.max(newest, each);
      }
    }
    return newest;
  }

  /**
   * Closes the group with its last records: when it returns, these and everything appended before
   * survive a crash, and recovery will replay the group as a whole.
   *
   * @throws NoSpaceException if the disk is full: the group may be committed again, as a whole
   * @return the place behind the COMMIT record: where a checkpoint of this moment lets replay begin
   */
  public LogPosition commit(List<Draft> last) throws IOException {
    syncLock.lock();
    try {
      requireWorking();
      // Before older segments are forced: what a scan does not see must be durable before COMMIT.
      stepOverGapBeforeCommit();
      byte[] payload = new byte[COMMIT_BYTES];
      Bytes.putLong(payload, 0, durableLsn);
      Draft commit = Draft.of(RecordType.COMMIT, Compression.NONE, payload, payload.length);
      List<Draft> drafts = new ArrayList<>(last);
      drafts.add(commit);
      forceOlder();
      prepare(drafts);
      return commitGroup(drafts, commit);
    } finally {
      syncLock.unlock();
    }
  }

  /** Guarded by syncLock. */
  private LogPosition commitGroup(List<Draft> drafts, Draft commit) throws IOException {
    boolean full = true;
    try {
      append(drafts);
      LogPosition behind =
          new LogPosition(
              commit.pointer.segment(),
              commit.pointer.offset() + (long) commit.recordBytes(),
              commit.lsn + 1);
      // Appends that got a place before the COMMIT lie under it in the file: they must be whole
      // for a scan to reach it.
      durableLsn = forceAll();
      requireReachable(behind);
      full = false;
      return behind;
    } finally {
      if (full && failure == null) {
        giveUp(drafts.get(0));
      }
    }
  }

  /**
   * Nothing of a group that met a full disk may be replayed: it will be committed again as a whole.
   */
  private void giveUp(Draft first) {
    if (first.pointer == null) {
      return;
    }
    LogPosition place = new LogPosition(first.pointer.segment(), first.pointer.offset(), first.lsn);
    lock.lock();
    try {
      if (gap == null || place.isBefore(gap)) {
        gap = place;
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Writes zeros ahead when short commits follow each other closely. A write behind the end of a
   * file also changes where the file's blocks are and how long it is, and forcing that takes longer
   * than forcing bytes; so this happens once for many commits. Guarded by syncLock.
   */
  private void prepare(List<Draft> drafts) throws IOException {
    long now = System.nanoTime();
    if (now - preparedNanos < 0) {
      return;
    }
    boolean isClose = now - preparedNanos < CLOSE_NANOS;
    preparedNanos = now;
    int bytes = 0;
    for (Draft draft : drafts) {
      bytes += draft.recordBytes();
    }
    if (!isClose || bytes >= VectoredFile.LONG_BYTES_MIN) {
      return;
    }
    lock.lock();
    try {
      if (segment != preparedSegment) {
        preparedSegment = segment;
        preparedEnd = 0;
      }
      long from = Math.max(offset, preparedEnd);
      long to = Math.min(offset + PREPARED_BYTES, segmentBytesMax);
      if (begun && offset + bytes > preparedEnd && from < to) {
        // Under the lock, or somebody's records might be there before the zeros.
        store.prepare(segment, from, (int) (to - from));
        preparedEnd = to;
      }
    } catch (IOException e) {
      // On a full disk there may still be room for the commit itself.
      if (!DiskErrors.saysFull(e.getMessage())) {
        fail(e);
        throw e;
      }
      preparedNanos = now + FULL_NANOS;
    } finally {
      lock.unlock();
    }
  }

  /** Makes all appended records survive a crash, without closing a group. */
  public void sync() throws IOException {
    syncLock.lock();
    try {
      requireWorking();
      durableLsn = forceAll();
    } finally {
      syncLock.unlock();
    }
  }

  /** Waits until all appends with tickets below {@code ticket} have ended; guarded by lock. */
  private void awaitWritten(long ticket) throws IOException {
    while (!inFlight.isEmpty() && inFlight.first() < ticket) {
      written.awaitUninterruptibly();
    }
    requireWorking();
  }

  /** Makes what was appended to segments before the current one survive a crash. */
  private void forceOlder() throws IOException {
    force(false);
  }

  /** Makes everything appended survive a crash; answers the LSN up to which that holds. */
  private long forceAll() throws IOException {
    return force(true);
  }

  /**
   * Waits for the appends under way, forces segments, and forgets those that will never be written
   * again: those from which the log had moved on before. The one that was the current one then may
   * be written meanwhile, even if the log moves on from it, too.
   *
   * @return the LSN of the last record that had a place when it began
   */
  private long force(boolean alsoCurrent) throws IOException {
    long current;
    long last;
    List<Long> wanted = new ArrayList<>();
    lock.lock();
    try {
      current = segment;
      last = nextLsn - 1;
      for (long candidate : unforced) {
        if (candidate < current || alsoCurrent) {
          wanted.add(candidate);
        }
      }
      if (!wanted.isEmpty()) {
        awaitWritten(reservations);
      }
    } finally {
      lock.unlock();
    }
    try {
      for (long each : wanted) {
        store.force(each);
      }
    } catch (IOException e) {
      fail(e);
      throw e;
    }
    lock.lock();
    try {
      unforced.removeIf(each -> each < current && wanted.contains(each));
    } finally {
      lock.unlock();
    }
    return last;
  }

  private void fail(IOException cause) {
    if (failure == null) {
      failure = cause;
    }
  }

  private void requireWorking() throws StoreFailedException {
    IOException cause = failure;
    if (cause != null) {
      throw new StoreFailedException(
          "volume "
              + volumeNumber
              + " is read-only since a write to its log failed: "
              + cause.getMessage(),
          cause);
    }
  }
}
