package dev.firn.map;

import dev.firn.store.CorruptDataException;
import dev.firn.store.RecordPointer;
import java.io.IOException;

/**
 * Walks trees and marks every record that they refer to, each node once. What is not written yet
 * has no place, and is not marked.
 */
final class LiveWalk {
  private final NodeStore nodes;
  private final ExtentKeys extentKeys;
  private final LiveRecords live;
  private long logicalBytes;

  /** What a tree's leaves lead to, apart from records of file bytes. */
  private enum Kind {
    /** A volume's tree: nothing. */
    FILES,
    /** A table of frozen roots: these roots' trees. */
    TABLE,
    /** Such a table, but only its own nodes are asked for. */
    TABLE_ALONE
  }

  LiveWalk(NodeStore nodes, ExtentKeys extentKeys, LiveRecords live) {
    this.nodes = nodes;
    this.extentKeys = extentKeys;
    this.live = live;
  }

  void walk(ReclaimRoots roots) throws IOException {
    for (Object root : roots.heads()) {
      walk(root, Kind.FILES);
    }
    for (Object root : roots.tables()) {
      walk(root, Kind.TABLE);
    }
  }

  void walk(KeptRoots roots) throws IOException {
    walkTableAlone(roots.table());
    walkFiles(roots.head());
    for (Object root : roots.frozen().values()) {
      walkFiles(root);
    }
  }

  /** Walks the tree of a head or of a frozen root, from a node or from where one is. */
  void walkFiles(Object root) throws IOException {
    walk(root, Kind.FILES);
  }

  /** Walks a table of frozen roots, but none of the roots. */
  void walkTableAlone(Object root) throws IOException {
    walk(root, Kind.TABLE_ALONE);
  }

  /** The file bytes that the leaves walked so far refer to; what is shared counts each time. */
  long logicalBytes() {
    return logicalBytes;
  }

  private void walk(Object root, Kind kind) throws IOException {
    Node node;
    if (root instanceof Node inMemory) {
      if (!live.begin(inMemory)) {
        return;
      }
      node = inMemory;
    } else {
      RecordPointer place = (RecordPointer) root;
      if (!live.begin(place)) {
        return;
      }
      node = nodes.peek(place);
    }
    for (int i = 0; i < node.count(); i++) {
      if (!node.isLeaf()) {
        walk(target(node, i), kind);
      } else if (kind == Kind.TABLE) {
        walk(target(node, i), Kind.FILES);
      } else if (kind == Kind.FILES && isExtent(extentKeys, node, i)) {
        ExtentRef extent = ExtentRef.decode(node.entry(i));
        logicalBytes += extent.length();
        // One without a place will be written at a place that is kept anyway.
        RecordPointer place = extent.place();
        if (place != null) {
          live.add(place);
        }
      }
    }
  }

  /** What slot {@code index} leads to: a node in memory, or its place. */
  static Object target(Node node, int index) throws CorruptDataException {
    if (node.reference(index) instanceof Node inMemory) {
      return inMemory;
    }
    RecordPointer place = RecordPointer.decode(node.page, Page.valueStart(node.page, index));
    if (place == null) {
      throw new CorruptDataException("a tree's node without a pointer to what is below it");
    }
    return place;
  }

  /** Whether slot {@code index} of a leaf has an extent. */
  static boolean isExtent(ExtentKeys extentKeys, Node leaf, int index) {
    return extentKeys.isExtent(
        leaf.page, Page.keyStart(leaf.page, index), Page.keyLength(leaf.page, index));
  }
}
