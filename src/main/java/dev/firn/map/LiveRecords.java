package dev.firn.map;

import dev.firn.store.RecordPointer;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * The blocks that hold a record which some tree refers to. Each node is walked once, however many
 * trees share it.
 */
final class LiveRecords {
  private final BlockSet blocks = new BlockSet();
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

  /**
   * Marks a record as live, and with it the head of its segment, which goes only with the whole.
   */
  void add(RecordPointer record) {
    long segment = record.segment();
    blocks.add(segment, 0, 1);
    blocks.add(segment, record.offset(), record.end());
  }

  /** The blocks as marked so far; not a copy. */
  BlockSet blocks() {
    return blocks;
  }
}
