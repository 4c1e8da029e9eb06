package dev.firn.map;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A set of blocks of 4,096 bytes, by segment: what a disk keeps or gives back at once. Not safe for
 * concurrent use.
 */
final class BlockSet {
  static final int BLOCK_BYTES = 4096;

  private final Map<Long, BitSet> blocks = new HashMap<>();

  /** A run of blocks, in bytes. */
  record Run(long from, long to) {}

  /** Adds the blocks that any byte of a range is in. */
  void add(long segment, long from, long to) {
    blocks
        .computeIfAbsent(segment, id -> new BitSet())
        .set((int) (from / BLOCK_BYTES), (int) ((to + BLOCK_BYTES - 1) / BLOCK_BYTES));
  }

  void addAll(BlockSet other) {
    other.blocks.forEach(
        (segment, bits) -> blocks.computeIfAbsent(segment, id -> new BitSet()).or(bits));
  }

  void removeAll(BlockSet other) {
    blocks.forEach(
        (segment, bits) -> {
          BitSet gone = other.blocks.get(segment);
          if (gone != null) {
            bits.andNot(gone);
          }
        });
    blocks.values().removeIf(BitSet::isEmpty);
  }

  /** Those that are in another set, too. */
  BlockSet intersection(BlockSet other) {
    BlockSet both = new BlockSet();
    blocks.forEach(
        (segment, bits) -> {
          BitSet theirs = other.blocks.get(segment);
          if (theirs != null && bits.intersects(theirs)) {
            BitSet common = (BitSet) bits.clone();
            common.and(theirs);
            both.blocks.put(segment, common);
          }
        });
    return both;
  }

  boolean hasNoneOf(long segment) {
    return !blocks.containsKey(segment);
  }

  /** The runs of blocks between two offsets, cut to whole blocks, that are not in the set. */
  List<Run> gaps(long segment, long from, long to) {
    BitSet bits = blocks.getOrDefault(segment, new BitSet());
    List<Run> gaps = new ArrayList<>();
    int end = (int) (to / BLOCK_BYTES);
    int next = bits.nextClearBit((int) ((from + BLOCK_BYTES - 1) / BLOCK_BYTES));
    while (next < end) {
      int set = bits.nextSetBit(next);
      int gapEnd = set < 0 ? end : Math.min(set, end);
      gaps.add(new Run((long) next * BLOCK_BYTES, (long) gapEnd * BLOCK_BYTES));
      next = bits.nextClearBit(gapEnd);
    }
    return gaps;
  }

  /** The bytes of all blocks of a segment. */
  long bytes(long segment) {
    BitSet bits = blocks.get(segment);
    return bits == null ? 0 : (long) bits.cardinality() * BLOCK_BYTES;
  }

  /** The bytes of all blocks. */
  long bytes() {
    return blocks.values().stream().mapToLong(BitSet::cardinality).sum() * BLOCK_BYTES;
  }
}
