package dev.firn.map;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * One root that never changes again: safe for concurrent use, without locks. Until it is closed, or
 * nothing refers to the object any more, the space of what it reaches is not given back.
 */
public final class FrozenMap implements MapView, Closeable {
  private final VolumeMap owner;
  private volatile Node root;

  FrozenMap(VolumeMap owner, Node root) {
    this.owner = owner;
    this.root = root;
  }

  /** The root; once it was written, one that holds no memory that the cache does not know of. */
  Node root() throws IOException {
    Node current = root;
    if (current.pointer() != null && current.hasReferences()) {
      current = owner.nodes().load(current.pointer());
      root = current;
    }
    return current;
  }

  /** The root as it is in memory. */
  Node currentRoot() {
    return root;
  }

  VolumeMap owner() {
    return owner;
  }

  /** Reading it afterwards may fail. Closing twice is no error. */
  @Override
  public void close() {
    owner.takeBack(this);
  }

  /** The number of the volume whose root it is. */
  public long volumeNumber() {
    return owner.number();
  }

  /** Whether it is a root of this map, so that its extents may be put there. */
  public boolean isOf(VolumeMap map) {
    return owner == map;
  }

  @Override
  public MapEntry get(byte[] key) throws IOException {
    return TreeReader.get(owner.nodes(), root(), key);
  }

  @Override
  public MapEntry floor(byte[] key) throws IOException {
    return TreeReader.floor(owner.nodes(), root(), key);
  }

  @Override
  public MapCursor cursor(byte[] from) throws IOException {
    return TreeReader.cursor(owner.nodes(), root(), from);
  }

  /** As {@link VolumeMap#readExtents}. */
  public int readExtents(List<ExtentRef> extents, ByteBuffer target) throws IOException {
    return owner.readExtents(extents, target);
  }

  /** As {@link VolumeMap#extentBytes}. */
  public byte[] extentBytes(ExtentRef extent) throws IOException {
    return owner.extentBytes(extent);
  }

  /** Calls {@code visitor} for each key whose value differs; shared nodes are skipped unread. */
  public static void diff(FrozenMap before, FrozenMap after, DiffVisitor visitor)
      throws IOException {
    MapDiff.run(before.owner.nodes(), before.root(), after.root(), visitor);
  }

  /** What {@link #diff} finds. */
  @FunctionalInterface
  public interface DiffVisitor {
    /** Either is null where the key is absent; keys arrive in ascending order. */
    void changed(MapEntry before, MapEntry after) throws IOException;
  }
}
