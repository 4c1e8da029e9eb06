package dev.firn.map;

import dev.firn.base.Bytes;
import dev.firn.store.RecordPointer;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A persistent B+tree with one changeable head.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A node changes only while its epoch is the current one. {@link #freeze} ends the epoch, so
 *       everything that could be reached by then stays as it is; later changes copy their path.
 *   <li>No node but an empty root is without entries.
 *   <li>The first key of an inner node is empty.
 *   <li>A change that throws an IOException has changed no entry: what it must load is loaded
 *       first, and joining nodes, which comes last, is left where another node cannot be loaded.
 * </ul>
 *
 * Not safe for concurrent use: the owner locks. Frozen roots need no lock.
 */
final class BlockMap implements MapView {
  private static final Logger LOG = LoggerFactory.getLogger(BlockMap.class);
  private static final byte[] NO_PLACE = new byte[RecordPointer.BYTES];
  private static final int DEPTH_MAX = 32;

  private final NodeStore nodes;
  private final int pageBytes;
  private Node root;
  private long epoch;
  private long changedNodes;

  private final Node[] path = new Node[DEPTH_MAX];
  private final int[] indexes = new int[DEPTH_MAX];

  /**
   * @param root the stored root to go on from, or null for an empty tree
   * @param pageBytes the size of changed nodes, at least 192, at most 65,528
   */
  BlockMap(NodeStore nodes, int pageBytes, RecordPointer root) throws IOException {
    this.nodes = nodes;
    this.pageBytes = pageBytes;
    this.root = root == null ? emptyRoot(pageBytes) : nodes.load(root);
  }

  /** A root without entries. */
  static Node emptyRoot(int pageBytes) {
    return new Node(Page.create(pageBytes, 0), 0);
  }

  /** The most bytes that a key and its value may have together: three fit into a page. */
  int entryBytesMax() {
    return (pageBytes - Page.HEADER_BYTES) / 3 - Page.SLOT_BYTES - Page.CELL_OVERHEAD_BYTES;
  }

  @Override
  public MapEntry get(byte[] key) throws IOException {
    return TreeReader.get(nodes, root, key);
  }

  @Override
  public MapEntry floor(byte[] key) throws IOException {
    return TreeReader.floor(nodes, root, key);
  }

  @Override
  public MapCursor cursor(byte[] from) {
    return TreeReader.cursor(nodes, root, from);
  }

  /** The root of this moment, which will not change any more. Constant time. */
  Node freeze() {
    epoch++;
    return root;
  }

  Node root() {
    return root;
  }

  /** Goes on from another frozen root. */
  void reset(Node frozen) {
    epoch++;
    root = frozen;
  }

  /** Nodes made since the last call. */
  long changedNodes() {
    return changedNodes;
  }

  void clearChangedNodes() {
    changedNodes = 0;
  }

  void put(byte[] key, byte[] value, Unplaced reference) throws IOException {
    if (key.length + value.length > entryBytesMax()) {
      throw new IllegalArgumentException(
          "entry of " + (key.length + value.length) + " bytes; at most " + entryBytesMax());
    }
    int depth = descend(key);
    Node leaf = path[depth];
    int index = Page.search(leaf.page, key);
    if (index >= 0) {
      if (Page.valueLength(leaf.page, index) == value.length) {
        System.arraycopy(value, 0, leaf.page, Page.valueStart(leaf.page, index), value.length);
        leaf.setReference(index, reference);
        return;
      }
      leaf.remove(index);
    } else {
      index = -index - 1;
    }
    insert(depth, index, key, value, reference);
  }

  boolean delete(byte[] key) throws IOException {
    if (get(key) == null) {
      return false;
    }
    int depth = descend(key);
    Node leaf = path[depth];
    leaf.remove(Page.search(leaf.page, key));
    shrink(depth);
    return true;
  }

  /** Fills the path to the leaf that covers a key, with nodes that may change. */
  private int descend(byte[] key) throws IOException {
    root = changeable(root);
    Node node = root;
    int depth = 0;
    path[0] = node;
    while (!node.isLeaf()) {
      int index = TreeReader.childIndex(node, key);
      indexes[depth] = index;
      node = changeableChild(node, index);
      depth++;
      path[depth] = node;
    }
    return depth;
  }

  private Node changeable(Node node) {
    if (node.epoch == epoch && node.page.length == pageBytes && node.pointer() == null) {
      return node;
    }
    changedNodes++;
    return node.copy(pageBytes, epoch);
  }

  private Node changeableChild(Node parent, int index) throws IOException {
    Node child = nodes.child(parent, index);
    Node copy = changeable(child);
    if (copy != child) {
      parent.setReference(index, copy);
    }
    return copy;
  }

  private void insert(int depth, int index, byte[] key, byte[] value, Unplaced reference) {
    Node node = path[depth];
    if (Page.fits(node.page, key.length, value.length)) {
      node.insert(index, key, value, reference);
      return;
    }
    Node left = new Node(Page.create(pageBytes, Page.level(node.page)), epoch);
    Node right = new Node(Page.create(pageBytes, Page.level(node.page)), epoch);
    changedNodes++;
    int cut = cut(node, index, key.length + value.length);
    byte[] separator = null;
    int count = node.count() + 1;
    for (int i = 0; i < count; i++) {
      Node target = i < cut ? left : right;
      boolean fresh = i == index;
      int from = i < index ? i : i - 1;
      if (i == cut) {
        separator = fresh ? key : Page.key(node.page, from);
        if (!node.isLeaf()) {
          // Below the separator everything goes left, so the first key needs no bytes.
          byte[] firstValue = fresh ? value : Page.value(node.page, from);
          target.insert(0, Bytes.EMPTY, firstValue, fresh ? reference : node.reference(from));
          continue;
        }
      }
      if (fresh) {
        target.insert(target.count(), key, value, reference);
      } else {
        target.append(node, from);
      }
    }
    replaceBySplit(depth, left, right, separator);
  }

  private void replaceBySplit(int depth, Node left, Node right, byte[] separator) {
    if (depth == 0) {
      Node top = new Node(Page.create(pageBytes, Page.level(left.page) + 1), epoch);
      changedNodes++;
      top.insert(0, Bytes.EMPTY, NO_PLACE, left);
      top.insert(1, separator, NO_PLACE, right);
      root = top;
      return;
    }
    Node parent = path[depth - 1];
    int index = indexes[depth - 1];
    parent.setReference(index, left);
    insert(depth - 1, index + 1, separator, NO_PLACE, right);
  }

  /** How many of the entries, the new one included, go left: half the bytes, or all but the new. */
  private int cut(Node node, int index, int entryBytes) {
    int count = node.count();
    if (index == count) {
      // Ascending keys leave full pages behind.
      return count;
    }
    int total = Page.usedBytes(node.page) + entryBytes;
    int bytes = 0;
    for (int i = 0; i < count; i++) {
      int from = i < index ? i : i - 1;
      bytes += i == index ? Page.entryBytes(0, entryBytes) : Page.entryBytes(node.page, from);
      if (bytes >= total / 2) {
        return Math.max(1, Math.min(count, bytes > pageBytes - Page.HEADER_BYTES ? i : i + 1));
      }
    }
    return count;
  }

  /** Mends the path after a removal at {@code depth}. */
  private void shrink(int depth) {
    for (int d = depth; d > 0; d--) {
      Node node = path[d];
      Node parent = path[d - 1];
      int index = indexes[d - 1];
      if (node.count() == 0) {
        removeChild(parent, index);
      } else if (Page.usedBytes(node.page) < pageBytes / 4) {
        if (!merge(parent, index) && !merge(parent, index - 1)) {
          break;
        }
      } else {
        break;
      }
    }
    while (!root.isLeaf() && root.count() == 1) {
      Node only = childIfReadable(root, 0);
      if (only == null) {
        break;
      }
      root = only;
    }
    if (!root.isLeaf() && root.count() == 0) {
      root = new Node(Page.create(pageBytes, 0), epoch);
      changedNodes++;
    }
  }

  private static void removeChild(Node parent, int index) {
    parent.remove(index);
    if (index == 0 && parent.count() > 0) {
      byte[] value = Page.value(parent.page, 0);
      Unplaced reference = parent.reference(0);
      parent.remove(0);
      parent.insert(0, Bytes.EMPTY, value, reference);
    }
  }

  /**
   * Joins the children at {@code index} and behind it if both can be read, and fit into three
   * quarters of a page.
   */
  private boolean merge(Node parent, int index) {
    if (index < 0 || index + 1 >= parent.count()) {
      return false;
    }
    Node left = childIfReadable(parent, index);
    Node right = childIfReadable(parent, index + 1);
    if (left == null || right == null) {
      return false;
    }
    byte[] separator = Page.key(parent.page, index + 1);
    int bytes = Page.usedBytes(left.page) + Page.usedBytes(right.page) + separator.length;
    if (bytes > pageBytes - pageBytes / 4) {
      return false;
    }
    Node joined = changeable(left);
    joined.settle();
    for (int i = 0; i < right.count(); i++) {
      if (i == 0 && !right.isLeaf()) {
        joined.insert(joined.count(), separator, Page.value(right.page, 0), right.reference(0));
      } else {
        joined.append(right, i);
      }
    }
    parent.setReference(index, joined);
    parent.remove(index + 1);
    return true;
  }

  /** The child behind a slot; null where the disk does not have it, or fails. */
  private Node childIfReadable(Node parent, int index) {
    try {
      return nodes.child(parent, index);
    } catch (IOException e) {
      LOG.debug("A tree stays larger than it need be", e);
      return null;
    }
  }

  /** Lets changed nodes go of what was written meanwhile, so that the cache alone decides. */
  void settle() {
    settle(root);
  }

  private void settle(Node node) {
    if (node.epoch != epoch || node.pointer() != null) {
      return;
    }
    node.settle();
    if (!node.isLeaf() && node.hasReferences()) {
      for (int i = 0; i < node.count(); i++) {
        if (node.reference(i) instanceof Node child) {
          settle(child);
        }
      }
    }
  }
}
