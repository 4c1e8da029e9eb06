package dev.firn.map;

import dev.firn.store.CorruptDataException;
import dev.firn.store.RecordPointer;
import dev.firn.store.RecordReader;
import dev.firn.store.RecordType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads every record that maps refer to, and verifies it; each once, however many roots share it.
 * What it reads is held meanwhile, so others may delete and give space back. For one thread.
 */
public final class Scrub {
  private final RecordReader records;
  private final ExtentKeys extentKeys;
  private final ScrubVisitor visitor;
  private final LiveRecords seen = new LiveRecords();
  private final List<Place> completed = new ArrayList<>();

  /** Where a node is. What is there never changes. */
  public record Place(long segment, int offset) {}

  // What is being walked.
  private FrozenMap root;
  private long snapshotNumber;

  Scrub(RecordReader records, ExtentKeys extentKeys, ScrubVisitor visitor) {
    this.records = records;
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

  /** Verifies a map's head and its frozen roots. */
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
    try (FrozenMap head = map.freeze()) {
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
    walk(from.currentRoot());
  }

  private void walk(Object target) throws IOException {
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
    for (int i = 0; i < node.count(); i++) {
      if (!node.isLeaf()) {
        walk(LiveWalk.target(node, i));
      } else if (snapshotNumber != ScrubVisitor.TABLE && LiveWalk.isExtent(extentKeys, node, i)) {
        extent(node.entry(i));
      }
    }
    // A leaf may have been in a tree of snapshots, whose extents are none: those are always read.
    if (node.pointer() != null && snapshotNumber != ScrubVisitor.TABLE) {
      completed.add(new Place(node.pointer().segment(), node.pointer().offset()));
    }
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

  private void extent(MapEntry entry) throws IOException {
    ExtentRef extent = ExtentRef.decode(entry);
    RecordPointer place = extent.place();
    if (place == null || !seen.begin(place)) {
      return;
    }
    try {
      records.verify(RecordType.EXTENT, place);
      visitor.verified(place.storedLength());
    } catch (CorruptDataException e) {
      visitor.damagedExtent(root, snapshotNumber, entry.key(), extent.length(), e.getMessage());
    }
  }
}
