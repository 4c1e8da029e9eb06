package dev.firn.map;

import dev.firn.store.RecordPointer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * The blocks of 4,096 bytes, by segment, that hold a record which some tree refers to. Each node is
 * walked once, however many trees share it.
 */
final class LiveRecords {
  static final int BLOCK_BYTES = 4096;

  /** A record's header, and its padding at most: pointers tell the payload's length. */
  private static final int AROUND_BYTES = 48;

  private final Map<Long, BitSet> blocks = new HashMap<>();
  private final Map<Long, Integer> indexes = new HashMap<>();
  private final LongSet walked = new LongSet();
  private final IdentityHashMap<Node, Boolean> walkedInMemory = new IdentityHashMap<>();

  /** Whether a node has not been walked yet; from now on it has. */
  boolean begin(Node node) {
    RecordPointer place = node.pointer();
    return place == null ? walkedInMemory.put(node, true) == null : begin(place);
  }

  /** As {@link #begin(Node)}, without having to read it; its record is live. */
  boolean begin(RecordPointer node) {
    if (!begin(node.segment(), node.offset())) {
      return false;
    }
    add(node);
    return true;
  }

  /** As the others, for those who do not ask where live records are. */
  boolean begin(long segment, int offset) {
    int index = indexes.computeIfAbsent(segment, key -> indexes.size() + 1);
    return walked.add((long) index << 32 | offset & 0xffffffffL);
  }

  /** Marks a record as live. */
  void add(RecordPointer record) {
    int from = record.offset() / BLOCK_BYTES;
    long end = (long) record.offset() + AROUND_BYTES + record.storedLength();
    blocks
        .computeIfAbsent(record.segment(), segment -> new BitSet())
        .set(from, (int) ((end + BLOCK_BYTES - 1) / BLOCK_BYTES));
  }

  boolean isEmpty(long segment) {
    return !blocks.containsKey(segment);
  }

  /** A run of blocks without live records, in bytes. */
  record Gap(long from, long to) {}

  /** The gaps of a segment between two offsets, which are cut to whole blocks. */
  List<Gap> gaps(long segment, long from, long to) {
    BitSet live = blocks.getOrDefault(segment, new BitSet());
    List<Gap> gaps = new ArrayList<>();
    int end = (int) (to / BLOCK_BYTES);
    int next = live.nextClearBit((int) ((from + BLOCK_BYTES - 1) / BLOCK_BYTES));
    while (next < end) {
      int set = live.nextSetBit(next);
      int gapEnd = set < 0 ? end : Math.min(set, end);
      gaps.add(new Gap((long) next * BLOCK_BYTES, (long) gapEnd * BLOCK_BYTES));
      next = live.nextClearBit(gapEnd);
    }
    return gaps;
  }

  /** How many bytes the live blocks of a segment have. */
  long liveBytes(long segment) {
    BitSet live = blocks.get(segment);
    return live == null ? 0 : (long) live.cardinality() * BLOCK_BYTES;
  }
}
