package dev.firn.map;

import dev.firn.store.CorruptDataException;
import dev.firn.store.RecordPointer;
import java.io.IOException;

/** Walks trees and marks every record that they refer to. */
final class LiveWalk {
  private final NodeStore nodes;
  private final ExtentKeys extentKeys;
  private final LiveRecords live;

  LiveWalk(NodeStore nodes, ExtentKeys extentKeys, LiveRecords live) {
    this.nodes = nodes;
    this.extentKeys = extentKeys;
    this.live = live;
  }

  void walk(ReclaimRoots roots) throws IOException {
    for (Object root : roots.heads()) {
      walk(root, false);
    }
    for (Object root : roots.tables()) {
      walk(root, true);
    }
  }

  /**
   * Walks from a node or from where one is.
   *
   * @param isTable whether the leaves' values begin with roots of further trees
   */
  private void walk(Object root, boolean isTable) throws IOException {
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
        walk(target(node, i), isTable);
      } else if (isTable) {
        walk(target(node, i), false);
      } else if (isExtent(extentKeys, node, i)) {
        // One without a place will be written at a place that is kept anyway.
        RecordPointer place = ExtentRef.decode(node.entry(i)).place();
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
