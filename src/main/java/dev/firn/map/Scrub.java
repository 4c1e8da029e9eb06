package dev.firn.map;

import dev.firn.base.Bytes;
import dev.firn.store.CorruptDataException;
import dev.firn.store.RecordPointer;
import dev.firn.store.RecordReader;
import dev.firn.store.RecordType;
import dev.firn.store.SegmentStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads every record that maps refer to, and verifies it; each once, however many roots share it.
 * With {@link Depth#TREES} file bytes are not read, but that their records can be there is seen to.
 * What it reads is held meanwhile, so others may delete and give space back. For one thread.
 */
public final class Scrub {
  /** How much is read. */
  public enum Depth {
    /** The trees' nodes. */
    TREES,
    /** All. */
    FILE_BYTES
  }

  private static final int ANY_LEVEL = -1;

  private final SegmentStore segments;
  private final RecordReader records;
  private final Depth depth;
  private final ExtentKeys extentKeys;
  private final ScrubVisitor visitor;
  private final LiveRecords seen = new LiveRecords();
  private final Map<Long, Long> lengths = new HashMap<>();
  private final List<Place> completed = new ArrayList<>();

  /** Where a node is. What is there never changes. */
  public record Place(long segment, int offset) {}

  // What is being walked.
  private FrozenMap root;
  private long snapshotNumber;

  Scrub(
      SegmentStore segments,
      RecordReader records,
      Depth depth,
      ExtentKeys extentKeys,
      ScrubVisitor visitor) {
    this.segments = segments;
    this.records = records;
    this.depth = depth;
    this.extentKeys = extentKeys;
    this.visitor = visitor;
  }

  /** Passes over what an earlier scrub has verified. */
  public void skip(List<Place> verified) {
    for (Place place : verified) {
      seen.begin(place.segment(), place.offset());
    }
    completed.addAll(verified);
  }

  /** The nodes that were walked with all below them, those that were skipped among them. */
  public List<Place> completed() {
    return List.copyOf(completed);
  }

  /** Verifies a map's head and its frozen roots, also when writing to it has ended. */
  public void run(VolumeMap map) throws IOException {
    try (FrozenMap table = map.freezeTable()) {
      walk(table, ScrubVisitor.TABLE);
    }
    for (VolumeMap.FrozenRoot each : map.frozenRoots()) {
      try (FrozenMap frozen = frozen(map, each.number())) {
        if (frozen != null) {
          walk(frozen, each.number());
        }
      }
    }
    // What the layer above holds back is in no record yet.
    try (FrozenMap head = map.freezeUnsealed()) {
      walk(head, ScrubVisitor.HEAD);
    }
  }

  /** Null if it is gone, or its root cannot be read, which is told. */
  private FrozenMap frozen(VolumeMap map, long number) throws IOException {
    try {
      return map.frozen(number);
    } catch (CorruptDataException e) {
      visitor.damagedNode(map, number, e.getMessage());
      return null;
    }
  }

  private void walk(FrozenMap from, long number) throws IOException {
    root = from;
    snapshotNumber = number;
    walk(from.currentRoot(), ANY_LEVEL, Bytes.EMPTY, null);
  }

  /**
   * Walks from a node or from where one is.
   *
   * @param level that it must have, or {@link #ANY_LEVEL}
   * @param first a lower bound of its keys, but for the empty one of an inner node
   * @param behind an upper bound that none of its keys reaches; null: none
   */
  private void walk(Object target, int level, byte[] first, byte[] behind) throws IOException {
    Node node;
    if (target instanceof Node inMemory && inMemory.pointer() == null) {
      if (!seen.begin(inMemory)) {
        return;
      }
      node = inMemory;
    } else {
      RecordPointer place =
          target instanceof Node written ? written.pointer() : (RecordPointer) target;
      if (!seen.begin(place)) {
        return;
      }
      node = read(place);
      if (node == null) {
        return;
      }
    }
    if (!fits(node, level, first, behind)) {
      visitor.damagedNode(
          root.owner(), snapshotNumber, "a tree's node is not where its keys or its level belong");
      return;
    }
    for (int i = 0; i < node.count(); i++) {
      if (!node.isLeaf()) {
        byte[] next = i + 1 < node.count() ? Page.key(node.page, i + 1) : behind;
        byte[] own = Page.key(node.page, i);
        walk(
            LiveWalk.target(node, i),
            Page.level(node.page) - 1,
            own.length == 0 ? first : own,
            next);
      } else if (snapshotNumber != ScrubVisitor.TABLE && LiveWalk.isExtent(extentKeys, node, i)) {
        extent(node.entry(i));
      }
    }
    // A leaf may have been in a tree of snapshots, whose extents are none: those are always read.
    if (node.pointer() != null && snapshotNumber != ScrubVisitor.TABLE) {
      completed.add(new Place(node.pointer().segment(), node.pointer().offset()));
    }
  }

  private static boolean fits(Node node, int level, byte[] first, byte[] behind) {
    if (level != ANY_LEVEL && Page.level(node.page) != level) {
      return false;
    }
    if (node.count() == 0) {
      return true;
    }
    byte[] lowest = Page.key(node.page, 0);
    byte[] highest = Page.key(node.page, node.count() - 1);
    boolean open = !node.isLeaf() && lowest.length == 0;
    return (open || Arrays.compareUnsigned(lowest, first) >= 0)
        && (behind == null || Arrays.compareUnsigned(highest, behind) < 0);
  }

  /** A node as the disk has it now; null if that is damaged, which is told. */
  private Node read(RecordPointer place) throws IOException {
    try {
      byte[] page = records.read(RecordType.NODE, place);
      Page.verify(page);
      visitor.verified(place.storedLength());
      return new Node(page, place);
    } catch (CorruptDataException e) {
      visitor.damagedNode(root.owner(), snapshotNumber, e.getMessage());
      return null;
    }
  }

  /** Whether a segment is there that is long enough to have the record. */
  private void requireRoom(RecordPointer place) throws CorruptDataException {
    long length =
        lengths.computeIfAbsent(
            place.segment(),
            segment -> {
              try {
                return segments.length(segment);
              } catch (IOException e) {
                return -1L;
              }
            });
    if (place.end() > length) {
      throw new CorruptDataException("record at " + place + " is beyond its segment's end");
    }
  }

  private void extent(MapEntry entry) throws IOException {
    ExtentRef extent = ExtentRef.decode(entry);
    RecordPointer place = extent.place();
    if (place == null || !seen.begin(place)) {
      return;
    }
    try {
      if (depth == Depth.FILE_BYTES) {
        records.verifyExtent(place, extent.blocks());
        visitor.verified(place.storedLength());
      } else {
        requireRoom(place);
      }
    } catch (CorruptDataException e) {
      visitor.damagedExtent(root, snapshotNumber, entry.key(), extent.length(), e.getMessage());
    }
  }
}
