package dev.firn.store;

import dev.firn.base.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a volume's log from a checkpoint on, for recovery: hands out whole groups, each closed by a
 * COMMIT, in order, and finds the end.
 *
 * <p>What is behind the last whole group is the torn tail of a crash and is dropped. A bad record
 * is a torn one only if no later COMMIT says that it had been durable; otherwise it is corruption
 * and throws. File bytes are skipped unread, except in the last group, the only one that may have
 * been written without its force: there every payload is verified that a COMMIT does not call
 * durable.
 *
 * <p>What is handed out is durable. An earlier process may have died, or been told of an error,
 * before its last force was done: the log is forced before it is read, and read from the disk.
 */
public final class LogScanner {
  private static final int WINDOW_BYTES = 1 << 20;

  /** Receives the payloads of one group's DELTA records, in order. */
  @FunctionalInterface
  public interface GroupVisitor {
    void group(List<byte[]> deltas) throws IOException;
  }

  /**
   * Where a scan ended.
   *
   * @param end behind the last whole group
   * @param groups the groups handed out
   * @param torn whether a group behind the end was begun and dropped
   */
  public record Result(LogPosition end, long groups, boolean torn) {}

  private record Item(RecordType type, long lsn, RecordPointer pointer, byte[] payload) {}

  private final SegmentStore store;
  private final RecordReader reader;
  private final long volumeNumber;

  /** Where each segment of this log is continued. */
  private final Map<Long, Successor> successors = new HashMap<>();

  private record Successor(long segment, long previousEnd) {}

  private long segment;
  private long offset;
  private long expectedLsn;
  private byte[] window = new byte[0];
  private long windowStart;
  private long windowSegment;

  public LogScanner(SegmentStore store, RecordReader reader, long volumeNumber) {
    this.store = store;
    this.reader = reader;
    this.volumeNumber = volumeNumber;
  }

  /** Scans from {@code from} to the log's end. */
  public Result scan(LogPosition from, GroupVisitor visitor) throws IOException {
    segment = from.segment();
    offset = from.offset();
    expectedLsn = from.nextLsn();
    for (long each : segmentsFrom(segment)) {
      store.settle(each);
    }
    findSuccessors();
    LogPosition end = from;
    long groups = 0;
    List<Item> group = new ArrayList<>();
    List<Item> closed = null;
    LogPosition closedEnd = null;
    while (true) {
      Item item = next();
      if (item == null) {
        break;
      }
      group.add(item);
      if (item.type() == RecordType.COMMIT) {
        // The group before this one is known to be durable: its successor was begun.
        if (closed != null) {
          visitor.group(deltas(closed));
          groups++;
          end = closedEnd;
        }
        closed = group;
        closedEnd = new LogPosition(segment, offset, expectedLsn);
        group = new ArrayList<>();
      }
    }
    boolean torn = group.stream().anyMatch(item -> item.type() == RecordType.DELTA);
    if (closed != null) {
      if (verifies(closed)) {
        visitor.group(deltas(closed));
        groups++;
        end = closedEnd;
      } else {
        torn = true;
      }
    }
    requireTorn(end.nextLsn());
    return new Result(end, groups, torn);
  }

  /** The next valid record, or null where the chain of valid records ends. */
  private Item next() throws IOException {
    stepSegment();
    RecordFormat.Header header = header();
    if (header == null || header.lsn() != expectedLsn) {
      return null;
    }
    RecordPointer pointer = header.at(segment, offset);
    byte[] payload = null;
    if (header.type() == RecordType.DELTA || header.type() == RecordType.COMMIT) {
      try {
        payload = reader.read(header.type(), pointer);
      } catch (CorruptDataException e) {
        return null;
      }
    }
    offset += header.recordBytes();
    expectedLsn++;
    return new Item(header.type(), header.lsn(), pointer, payload);
  }

  /** Goes on with the segments that say that the log continues there. */
  private void stepSegment() throws IOException {
    Successor successor = successors.get(segment);
    while (successor != null && offset >= successor.previousEnd()) {
      if (offset > successor.previousEnd()) {
        throw new CorruptDataException(
            String.format(
                "log of volume %d: segment %016x is read up to %d but continued from %d",
                volumeNumber, segment, offset, successor.previousEnd()));
      }
      segment = successor.segment();
      offset = 0;
      successor = successors.get(segment);
    }
  }

  /**
   * Reads the heads of all later segments. Where two continue the same one, the newer counts: the
   * older was begun by a group that a crash tore.
   */
  private void findSuccessors() throws IOException {
    for (long candidate : segmentsFrom(segment)) {
      SegmentHead head = readHead(candidate);
      if (head == null) {
        continue;
      }
      if (head.volumeNumber() != volumeNumber) {
        throw new CorruptDataException(
            String.format(
                "segment %016x says it belongs to volume %d", candidate, head.volumeNumber()));
      }
      if (head.previousSegment() >= segment) {
        successors.put(head.previousSegment(), new Successor(candidate, head.previousEnd()));
      }
    }
  }

  private List<Long> segmentsFrom(long first) throws IOException {
    List<Long> segments = new ArrayList<>();
    for (long candidate : store.list()) {
      if (LogPosition.volumeOf(candidate) == volumeNumber && candidate >= first) {
        segments.add(candidate);
      }
    }
    return segments;
  }

  private SegmentHead readHead(long candidate) throws IOException {
    byte[] image = new byte[RecordFormat.HEADER_BYTES + SegmentHead.BYTES];
    if (store.read(candidate, 0, ByteBuffer.wrap(image)) < image.length) {
      return null;
    }
    RecordFormat.Header header = RecordFormat.parse(image, 0, candidate, 0);
    if (header == null || header.type() != RecordType.SEGMENT) {
      return null;
    }
    try {
      return SegmentHead.decode(reader.read(RecordType.SEGMENT, header.at(candidate, 0)));
    } catch (CorruptDataException e) {
      return null;
    }
  }

  private RecordFormat.Header header() throws IOException {
    return fill(segment, offset, RecordFormat.HEADER_BYTES)
        ? RecordFormat.parse(window, (int) (offset - windowStart), segment, offset)
        : null;
  }

  /** Makes the window hold {@code bytes} from {@code at} on; false if the segment is shorter. */
  private boolean fill(long wantedSegment, long at, int bytes) throws IOException {
    if (wantedSegment == windowSegment
        && at >= windowStart
        && at + bytes <= windowStart + window.length) {
      return true;
    }
    if (!store.exists(wantedSegment)) {
      return false;
    }
    long available = store.length(wantedSegment) - at;
    if (available < bytes) {
      return false;
    }
    window = new byte[(int) Math.min(available, WINDOW_BYTES)];
    windowSegment = wantedSegment;
    windowStart = at;
    return store.read(wantedSegment, at, ByteBuffer.wrap(window)) == window.length;
  }

  /**
   * Throws if a COMMIT behind the end says that records at the end had been durable.
   *
   * <p>A later process went on with the LSN behind the last whole group, whatever was behind that.
   * So a later segment that has an LSN from before the end of the chain is of such a process, as
   * are all behind it, and their COMMITs count from the last whole group on.
   */
  private void requireTorn(long endLsn) throws IOException {
    long lostLsn = expectedLsn;
    for (long candidate : segmentsFrom(segment)) {
      long length = store.length(candidate);
      long at = candidate == segment ? offset : 0;
      for (; at + RecordFormat.HEADER_BYTES <= length; at += RecordFormat.ALIGNMENT) {
        if (!fill(candidate, at, RecordFormat.HEADER_BYTES)) {
          break;
        }
        int index = (int) (at - windowStart);
        if (Bytes.getInt(window, index) != RecordFormat.MAGIC) {
          continue;
        }
        RecordFormat.Header header = RecordFormat.parse(window, index, candidate, at);
        if (header != null && header.lsn() < expectedLsn) {
          lostLsn = endLsn;
        }
        if (header != null
            && header.type() == RecordType.COMMIT
            && provesDurable(header, candidate, at, lostLsn)) {
          throw new CorruptDataException(
              String.format(
                  "log of volume %d is damaged in segment %016x at %d, before data that was durable",
                  volumeNumber, segment, offset));
        }
      }
    }
  }

  private boolean provesDurable(RecordFormat.Header header, long candidate, long at, long lostLsn)
      throws IOException {
    try {
      byte[] payload = reader.read(RecordType.COMMIT, header.at(candidate, at));
      return durableLsn(payload) >= lostLsn;
    } catch (CorruptDataException e) {
      return false;
    }
  }

  /**
   * Whether all payloads of a group are whole that a crash may have torn. Others that are not are
   * damaged: whoever reads them is told, but the group was durable.
   */
  private boolean verifies(List<Item> group) throws IOException {
    long durableLsn = durableLsn(group.get(group.size() - 1).payload());
    for (Item item : group) {
      if (item.payload() == null && item.lsn() > durableLsn) {
        try {
          reader.read(item.type(), item.pointer());
        } catch (CorruptDataException e) {
          return false;
        }
      }
    }
    return true;
  }

  /** Up to which LSN all records were durable before this COMMIT was written. */
  private static long durableLsn(byte[] commit) {
    return commit.length >= Long.BYTES ? Bytes.getLong(commit, 0) : 0;
  }

  private static List<byte[]> deltas(List<Item> group) {
    List<byte[]> deltas = new ArrayList<>();
    for (Item item : group) {
      if (item.type() == RecordType.DELTA) {
        deltas.add(item.payload());
      }
    }
    return deltas;
  }
}
