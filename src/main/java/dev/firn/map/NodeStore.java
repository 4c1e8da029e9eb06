package dev.firn.map;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.firn.base.LongWork;
import dev.firn.store.CorruptDataException;
import dev.firn.store.RecordPointer;
import dev.firn.store.RecordReader;
import dev.firn.store.RecordType;
import java.io.IOException;

/** Loads clean nodes, and keeps those in use, by weight. Safe for concurrent use. */
final class NodeStore {
  private static final int NODE_OVERHEAD_BYTES = 160;

  private final RecordReader reader;
  private final Cache<RecordPointer, Node> nodes;

  /** Where a tree's nodes come from when nothing is stored: for trees that live in memory only. */
  static NodeStore none() {
    return new NodeStore(null, 0);
  }

  NodeStore(RecordReader reader, long cacheBytes) {
    this.reader = reader;
    this.nodes =
        Caffeine.newBuilder()
            .maximumWeight(cacheBytes)
            .weigher((RecordPointer pointer, Node node) -> node.page.length + NODE_OVERHEAD_BYTES)
            .executor(Runnable::run)
            .build();
  }

  Node load(RecordPointer pointer) throws IOException {
    Node node = nodes.getIfPresent(pointer);
    if (node == null) {
      node = read(pointer);
      nodes.put(pointer, node);
    }
    return node;
  }

  /** As {@link #load}, for those who pass by once: the cache keeps what it has. */
  Node peek(RecordPointer pointer) throws IOException {
    Node node = nodes.getIfPresent(pointer);
    return node != null ? node : read(pointer);
  }

  private Node read(RecordPointer pointer) throws IOException {
    // A disk may take its time. Rare enough: a node serves a hundred requests.
    LongWork.begins();
    byte[] page = reader.read(RecordType.NODE, pointer);
    Page.verify(page);
    return new Node(page, pointer);
  }

  void remember(Node node) {
    nodes.put(node.pointer(), node);
  }

  /** The child behind slot {@code index} of an inner node. */
  Node child(Node parent, int index) throws IOException {
    Unplaced reference = parent.reference(index);
    if (reference instanceof Node child) {
      return child;
    }
    RecordPointer pointer = RecordPointer.decode(parent.page, Page.valueStart(parent.page, index));
    if (pointer == null) {
      throw new CorruptDataException("inner node without a pointer to its child");
    }
    Node child = load(pointer);
    if (Page.level(child.page) != Page.level(parent.page) - 1) {
      throw new CorruptDataException("tree node of the wrong level at " + pointer);
    }
    return child;
  }
}
