package dev.firn.snapshot;

import dev.firn.map.FrozenMap;
import java.io.Closeable;
import java.io.IOException;

/** Keeps a snapshot's data readable until closed, whatever happens to the snapshot. */
public final class SnapshotLease implements Closeable {
  private final SnapshotManager manager;
  private final Snapshot snapshot;
  private final MapPool.Use use;
  private final FrozenMap map;
  private final String reader;
  private boolean closed;

  SnapshotLease(
      SnapshotManager manager, Snapshot snapshot, MapPool.Use use, FrozenMap map, String reader) {
    this.manager = manager;
    this.snapshot = snapshot;
    this.use = use;
    this.map = map;
    this.reader = reader;
  }

  /** The snapshot as it was when the lease began. */
  public Snapshot snapshot() {
    return snapshot;
  }

  public FrozenMap map() {
    return map;
  }

  @Override
  public void close() throws IOException {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    try {
      map.close();
      use.close();
    } finally {
      manager.release(snapshot.number(), reader);
    }
  }
}
