package dev.firn.map;

import dev.firn.base.Bytes;
import dev.firn.store.RecordPointer;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * Compares two roots. Each side is a stack of what is still to come; subtrees stay unopened until
 * something forces a look inside, and equal ones are dropped unread. So the work follows the number
 * of changes, not the size of the trees.
 */
final class MapDiff {
  private static final class Side {
    private record Item(Node parent, int index, Node root, byte[] lowerBound) {}

    private final NodeStore nodes;
    private final Deque<Item> stack = new ArrayDeque<>();

    Side(NodeStore nodes, Node root) {
      this.nodes = nodes;
      if (root.count() > 0) {
        stack.push(new Item(null, 0, root, Bytes.EMPTY));
      }
    }

    boolean isEmpty() {
      return stack.isEmpty();
    }

    boolean isEntry() {
      Item item = stack.peek();
      return item.root == null && item.parent.isLeaf();
    }

    /** An entry's key, or a key that nothing in the subtree is below. */
    byte[] lowerBound() {
      return stack.peek().lowerBound;
    }

    int level() {
      Item item = stack.peek();
      return item.root != null ? Page.level(item.root.page) : Page.level(item.parent.page) - 1;
    }

    MapEntry takeEntry() {
      Item item = stack.pop();
      return item.parent.entry(item.index);
    }

    void drop() {
      stack.pop();
    }

    /** What tells equal subtrees: the node itself while it has no place, else its place. */
    Object identity() throws IOException {
      Item item = stack.peek();
      if (item.root != null) {
        return item.root.pointer() != null ? item.root.pointer() : item.root;
      }
      if (item.parent.reference(item.index) instanceof Node child) {
        return child.pointer() != null ? child.pointer() : child;
      }
      return RecordPointer.decode(item.parent.page, Page.valueStart(item.parent.page, item.index));
    }

    void open() throws IOException {
      Item item = stack.pop();
      Node node = item.root != null ? item.root : nodes.child(item.parent, item.index);
      for (int i = node.count() - 1; i >= 0; i--) {
        byte[] bound = i == 0 && !node.isLeaf() ? item.lowerBound : Page.key(node.page, i);
        stack.push(new Item(node, i, null, bound));
      }
    }
  }

  private MapDiff() {}

  static void run(NodeStore nodes, Node before, Node after, FrozenMap.DiffVisitor visitor)
      throws IOException {
    Side left = new Side(nodes, before);
    Side right = new Side(nodes, after);
    while (!left.isEmpty() || !right.isEmpty()) {
      if (left.isEmpty() || right.isEmpty()) {
        drain(left, right, visitor);
      } else if (left.isEntry() && right.isEntry()) {
        compareEntries(left, right, visitor);
      } else if (left.isEntry()) {
        entryAgainstSubtree(left, right, true, visitor);
      } else if (right.isEntry()) {
        entryAgainstSubtree(right, left, false, visitor);
      } else if (left.identity().equals(right.identity())) {
        left.drop();
        right.drop();
      } else {
        openHigher(left, right);
      }
    }
  }

  private static void drain(Side left, Side right, FrozenMap.DiffVisitor visitor)
      throws IOException {
    Side side = left.isEmpty() ? right : left;
    if (!side.isEntry()) {
      side.open();
    } else if (side == left) {
      visitor.changed(side.takeEntry(), null);
    } else {
      visitor.changed(null, side.takeEntry());
    }
  }

  private static void compareEntries(Side left, Side right, FrozenMap.DiffVisitor visitor)
      throws IOException {
    int order = Arrays.compareUnsigned(left.lowerBound(), right.lowerBound());
    if (order < 0) {
      visitor.changed(left.takeEntry(), null);
    } else if (order > 0) {
      visitor.changed(null, right.takeEntry());
    } else {
      MapEntry before = left.takeEntry();
      MapEntry after = right.takeEntry();
      if (before.pending() != after.pending() || !Arrays.equals(before.value(), after.value())) {
        visitor.changed(before, after);
      }
    }
  }

  private static void entryAgainstSubtree(
      Side entrySide, Side treeSide, boolean entryIsLeft, FrozenMap.DiffVisitor visitor)
      throws IOException {
    if (Arrays.compareUnsigned(entrySide.lowerBound(), treeSide.lowerBound()) < 0) {
      MapEntry entry = entrySide.takeEntry();
      visitor.changed(entryIsLeft ? entry : null, entryIsLeft ? null : entry);
    } else {
      treeSide.open();
    }
  }

  private static void openHigher(Side left, Side right) throws IOException {
    int order = Arrays.compareUnsigned(left.lowerBound(), right.lowerBound());
    int levels = Integer.compare(left.level(), right.level());
    if (levels > 0 || levels == 0 && order <= 0) {
      left.open();
    } else {
      right.open();
    }
  }
}
