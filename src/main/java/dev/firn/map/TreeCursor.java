package dev.firn.map;

import java.io.IOException;
import java.util.Arrays;

/** The path from a root to the current entry. */
final class TreeCursor implements MapCursor {
  private final NodeStore nodes;
  private final byte[] from;
  private Node[] path = new Node[4];
  private int[] indexes = new int[4];
  private int depth;
  private Node root;

  TreeCursor(NodeStore nodes, Node root, byte[] from) {
    this.nodes = nodes;
    this.root = root;
    this.from = from;
  }

  @Override
  public boolean next() throws IOException {
    if (root != null) {
      descendToStart();
      root = null;
    } else if (depth > 0) {
      indexes[depth - 1]++;
    }
    while (depth > 0 && indexes[depth - 1] >= path[depth - 1].count()) {
      depth--;
      if (depth > 0) {
        indexes[depth - 1]++;
      }
    }
    if (depth == 0) {
      return false;
    }
    while (!path[depth - 1].isLeaf()) {
      push(nodes.child(path[depth - 1], indexes[depth - 1]), 0);
      // Only an empty root has no entries, so the first one below is there.
    }
    return true;
  }

  private void descendToStart() throws IOException {
    Node node = root;
    while (!node.isLeaf()) {
      int index = TreeReader.childIndex(node, from);
      push(node, index);
      node = nodes.child(node, index);
    }
    int index = Page.search(node.page, from);
    push(node, index >= 0 ? index : -index - 1);
  }

  private void push(Node node, int index) {
    if (depth == path.length) {
      path = Arrays.copyOf(path, depth * 2);
      indexes = Arrays.copyOf(indexes, depth * 2);
    }
    path[depth] = node;
    indexes[depth] = index;
    depth++;
  }

  @Override
  public byte[] key() {
    return Page.key(path[depth - 1].page, indexes[depth - 1]);
  }

  @Override
  public byte[] value() {
    return entry().value();
  }

  @Override
  public MapEntry entry() {
    return path[depth - 1].entry(indexes[depth - 1]);
  }
}
