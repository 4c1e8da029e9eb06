package dev.firn.map;

import dev.firn.store.RecordPointer;
import java.util.Arrays;

/**
 * A tree node: its page and, beside the page's slots, the things that have no place on disk yet.
 *
 * <p>A node may change only while its epoch is its tree's current one. Once frozen, page and
 * references never change again; only {@link #pointer} is set, once, when it is written. So frozen
 * nodes are safe to read from any thread.
 */
final class Node implements Unplaced {
  final byte[] page;
  final long epoch;

  /** One a slot, null where the cell's own bytes say everything; null if that holds for all. */
  private Unplaced[] references;

  private volatile RecordPointer pointer;

  Node(byte[] page, long epoch) {
    this.page = page;
    this.epoch = epoch;
  }

  /** A clean node as read from disk. */
  Node(byte[] page, RecordPointer pointer) {
    this(page, -1);
    this.pointer = pointer;
  }

  @Override
  public RecordPointer pointer() {
    return pointer;
  }

  @Override
  public void encodePlace(byte[] target, int at) {
    pointer.encode(target, at);
  }

  void placed(RecordPointer place) {
    pointer = place;
  }

  boolean isLeaf() {
    return Page.level(page) == 0;
  }

  int count() {
    return Page.count(page);
  }

  boolean hasReferences() {
    return references != null;
  }

  /** What slot {@code index} refers to outside of its cell, or null. */
  Unplaced reference(int index) {
    return references == null || index >= references.length ? null : references[index];
  }

  void setReference(int index, Unplaced reference) {
    if (references == null) {
      if (reference == null) {
        return;
      }
      references = new Unplaced[Math.max(8, count())];
    } else if (index >= references.length) {
      if (reference == null) {
        return;
      }
      references = Arrays.copyOf(references, Math.max(index + 1, references.length * 2));
    }
    references[index] = reference;
  }

  /** Adds an entry before {@code index}; it must fit. */
  void insert(int index, byte[] key, byte[] value, Unplaced reference) {
    int before = count();
    Page.insert(page, index, key, value);
    if (references != null && index < references.length) {
      int used = Math.min(before, references.length);
      if (used == references.length) {
        references = Arrays.copyOf(references, references.length * 2);
      }
      System.arraycopy(references, index, references, index + 1, used - index);
      references[index] = null;
    }
    setReference(index, reference);
  }

  void remove(int index) {
    int before = count();
    Page.remove(page, index);
    if (references != null && index < references.length) {
      int used = Math.min(before, references.length);
      System.arraycopy(references, index + 1, references, index, used - index - 1);
      references[used - 1] = null;
    }
  }

  /** Appends entry {@code index} of another node. */
  void append(Node other, int index) {
    int at = count();
    Page.append(page, other.page, index);
    setReference(at, other.reference(index));
  }

  /**
   * Writes the places of references that have one by now into the cells and lets go of them; only
   * on a node that may change.
   */
  void settle() {
    if (references == null) {
      return;
    }
    boolean left = false;
    int count = count();
    for (int i = 0; i < references.length; i++) {
      Unplaced reference = references[i];
      if (reference == null) {
        continue;
      }
      if (i < count && reference.pointer() != null) {
        reference.encodePlace(page, Page.valueStart(page, i));
        references[i] = null;
      } else if (i < count) {
        left = true;
      } else {
        references[i] = null;
      }
    }
    if (!left) {
      references = null;
    }
  }

  /** A copy that may change in {@code newEpoch}. */
  Node copy(int pageBytes, long newEpoch) {
    Node copy = new Node(Page.expand(page, pageBytes), newEpoch);
    if (references != null) {
      copy.references = references.clone();
      copy.settle();
    }
    return copy;
  }

  /** The page for the disk, with all places filled in: every reference must have one. */
  byte[] pack() {
    byte[] packed = Page.pack(page);
    if (references != null) {
      int count = count();
      for (int i = 0; i < Math.min(count, references.length); i++) {
        Unplaced reference = references[i];
        if (reference != null) {
          assert reference.pointer() != null : "a node is written after what it refers to";
          reference.encodePlace(packed, Page.valueStart(packed, i));
        }
      }
    }
    return packed;
  }

  MapEntry entry(int index) {
    byte[] value = Page.value(page, index);
    Unplaced reference = reference(index);
    PendingExtent pending = null;
    if (reference != null) {
      if (reference.pointer() != null) {
        reference.encodePlace(value, 0);
      } else if (reference instanceof PendingExtent extent) {
        pending = extent;
      }
    }
    return new MapEntry(Page.key(page, index), value, pending);
  }
}
