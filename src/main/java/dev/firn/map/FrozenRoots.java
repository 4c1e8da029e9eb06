package dev.firn.map;

import dev.firn.base.Bytes;
import dev.firn.store.CorruptDataException;
import dev.firn.store.RecordPointer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The table of a volume's frozen roots, itself a tree: snapshot number to root and metadata.
 * Guarded by the volume's lock.
 */
final class FrozenRoots {
  private final NodeStore nodes;
  private final BlockMap tree;

  FrozenRoots(NodeStore nodes, BlockMap tree) {
    this.nodes = nodes;
    this.tree = tree;
  }

  BlockMap tree() {
    return tree;
  }

  void put(long number, byte[] metadata, Node root) throws IOException {
    byte[] value = new byte[RecordPointer.BYTES + metadata.length];
    System.arraycopy(metadata, 0, value, RecordPointer.BYTES, metadata.length);
    RecordPointer place = root.pointer();
    if (place != null) {
      place.encode(value, 0);
    }
    tree.put(key(number), value, place == null ? root : null);
  }

  /** The root with this number, or null. */
  Node find(long number) throws IOException {
    byte[] key = key(number);
    Node leaf = tree.root();
    while (!leaf.isLeaf()) {
      leaf = nodes.child(leaf, TreeReader.childIndex(leaf, key));
    }
    int index = Page.search(leaf.page, key);
    if (index < 0) {
      return null;
    }
    if (leaf.reference(index) instanceof Node root) {
      return root;
    }
    RecordPointer pointer = RecordPointer.decode(leaf.page, Page.valueStart(leaf.page, index));
    if (pointer == null) {
      throw new CorruptDataException("snapshot " + number + " has no root");
    }
    return nodes.load(pointer);
  }

  /** All roots by their numbers: each a node, or where one is. */
  Map<Long, Object> roots() throws IOException {
    Map<Long, Object> roots = new TreeMap<>();
    collect(tree.root(), roots);
    return roots;
  }

  private void collect(Node node, Map<Long, Object> roots) throws IOException {
    for (int i = 0; i < node.count(); i++) {
      if (node.isLeaf()) {
        roots.put(Bytes.getLongSorted(Page.key(node.page, i), 0), LiveWalk.target(node, i));
      } else {
        collect(nodes.child(node, i), roots);
      }
    }
  }

  /** Says whether it was there. */
  boolean remove(long number) throws IOException {
    return tree.delete(key(number));
  }

  /** All of them, ascending by number. */
  List<VolumeMap.FrozenRoot> list() throws IOException {
    List<VolumeMap.FrozenRoot> roots = new ArrayList<>();
    MapCursor cursor = tree.cursor(Bytes.EMPTY);
    while (cursor.next()) {
      byte[] value = cursor.value();
      roots.add(
          new VolumeMap.FrozenRoot(
              Bytes.getLongSorted(cursor.key(), 0),
              Arrays.copyOfRange(value, RecordPointer.BYTES, value.length)));
    }
    return roots;
  }

  private static byte[] key(long number) {
    byte[] key = new byte[8];
    Bytes.putLongSorted(key, 0, number);
    return key;
  }
}
