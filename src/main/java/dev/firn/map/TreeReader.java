package dev.firn.map;

import java.io.IOException;

/** Look-ups from a root. Static: the callers own the root and its lock. */
final class TreeReader {
  private TreeReader() {}

  /** Which child of an inner node covers a key. */
  static int childIndex(Node node, byte[] key) {
    return Math.max(0, Page.floor(node.page, key));
  }

  static MapEntry get(NodeStore nodes, Node root, byte[] key) throws IOException {
    Node node = root;
    while (!node.isLeaf()) {
      node = nodes.child(node, childIndex(node, key));
    }
    int index = Page.search(node.page, key);
    return index >= 0 ? node.entry(index) : null;
  }

  static MapEntry floor(NodeStore nodes, Node node, byte[] key) throws IOException {
    if (node.isLeaf()) {
      int index = Page.floor(node.page, key);
      return index >= 0 ? node.entry(index) : null;
    }
    int index = childIndex(node, key);
    MapEntry found = floor(nodes, nodes.child(node, index), key);
    if (found == null && index > 0) {
      found = last(nodes, nodes.child(node, index - 1));
    }
    return found;
  }

  private static MapEntry last(NodeStore nodes, Node root) throws IOException {
    Node node = root;
    while (!node.isLeaf()) {
      node = nodes.child(node, node.count() - 1);
    }
    return node.count() > 0 ? node.entry(node.count() - 1) : null;
  }

  static MapCursor cursor(NodeStore nodes, Node root, byte[] from) {
    return new TreeCursor(nodes, root, from);
  }
}
