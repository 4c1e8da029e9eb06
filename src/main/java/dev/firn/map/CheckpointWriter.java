package dev.firn.map;

import dev.firn.store.Compression;
import dev.firn.store.Draft;
import dev.firn.store.RecordPointer;
import dev.firn.store.RecordType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Writes the nodes of frozen trees that have no place yet: children before parents, many in one
 * append. All file bytes that leaves refer to must have been written before.
 */
final class CheckpointWriter {
  private static final int BATCH_BYTES = 1 << 20;

  /** Where nodes are appended; gives each draft its place. */
  @FunctionalInterface
  interface Target {
    void append(List<Draft> drafts) throws IOException;
  }

  private final NodeStore nodes;
  private final Target target;
  private final Compression compression;
  private final List<List<Node>> levels = new ArrayList<>();
  private final Set<Node> seen = Collections.newSetFromMap(new IdentityHashMap<>());

  CheckpointWriter(NodeStore nodes, Target target, Compression compression) {
    this.nodes = nodes;
    this.target = target;
    this.compression = compression;
  }

  /**
   * Writes the head and the tree of snapshots, with the roots the latter refers to.
   *
   * @return the head's place
   */
  RecordPointer write(Node head, Node snapshots) throws IOException {
    collectTrees(head, snapshots);
    writeCollected();
    // Its leaves have the places of roots in them.
    collect(snapshots);
    writeCollected();
    return head.pointer();
  }

  /** How many nodes {@link #write} would write. */
  static long unwrittenNodes(Node head, Node snapshots) {
    CheckpointWriter counter = new CheckpointWriter(null, null, null);
    counter.collectTrees(head, snapshots);
    counter.collect(snapshots);
    return counter.seen.size();
  }

  private void collectTrees(Node head, Node snapshots) {
    collect(head);
    List<Node> roots = new ArrayList<>();
    collectFrozenRoots(snapshots, roots);
    roots.forEach(this::collect);
  }

  private static void collectFrozenRoots(Node node, List<Node> roots) {
    if (node.pointer() != null || !node.hasReferences()) {
      return;
    }
    for (int i = 0; i < node.count(); i++) {
      if (node.reference(i) instanceof Node below) {
        if (node.isLeaf()) {
          roots.add(below);
        } else {
          collectFrozenRoots(below, roots);
        }
      }
    }
  }

  private void writeCollected() throws IOException {
    for (List<Node> level : levels) {
      writeLevel(level);
    }
    levels.clear();
  }

  private void collect(Node node) {
    if (node.pointer() != null || !seen.add(node)) {
      return;
    }
    int level = Page.level(node.page);
    while (levels.size() <= level) {
      levels.add(new ArrayList<>());
    }
    levels.get(level).add(node);
    if (!node.isLeaf() && node.hasReferences()) {
      for (int i = 0; i < node.count(); i++) {
        if (node.reference(i) instanceof Node child) {
          collect(child);
        }
      }
    }
  }

  private void writeLevel(List<Node> level) throws IOException {
    List<Draft> drafts = new ArrayList<>();
    List<Node> batch = new ArrayList<>();
    List<byte[]> pages = new ArrayList<>();
    int bytes = 0;
    for (Node node : level) {
      byte[] packed = node.pack();
      drafts.add(Draft.of(RecordType.NODE, compression, packed, packed.length));
      batch.add(node);
      pages.add(packed);
      bytes += packed.length;
      if (bytes >= BATCH_BYTES) {
        writeBatch(drafts, batch, pages);
        bytes = 0;
      }
    }
    writeBatch(drafts, batch, pages);
  }

  private void writeBatch(List<Draft> drafts, List<Node> batch, List<byte[]> pages)
      throws IOException {
    target.append(drafts);
    for (int i = 0; i < batch.size(); i++) {
      RecordPointer place = drafts.get(i).pointer();
      batch.get(i).placed(place);
      nodes.remember(new Node(pages.get(i), place));
    }
    drafts.clear();
    batch.clear();
    pages.clear();
  }
}
