package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotLease;
import dev.firn.snapshot.SnapshotManager;
import dev.firn.vfs.Disk;
import dev.firn.vfs.DiskDiff;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FrozenFileSystem;
import dev.firn.vfs.VolumeKind;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The disks of snapshots in blocks of one size, for programs that copy what has changed. Safe for
 * concurrent use.
 */
public final class DiskBlocks {
  /** All blocks have this size; a disk's last one may be cut. */
  public static final int BLOCK_BYTES = 512 << 10;

  private final References references;
  private final SnapshotManager snapshots;

  DiskBlocks(References references, SnapshotManager snapshots) {
    this.references = references;
    this.snapshots = snapshots;
  }

  /** Is told numbers of blocks, ascending, each once. */
  @FunctionalInterface
  public interface Visitor {
    void block(long index) throws IOException;
  }

  /** One block. */
  public record Block(long index, byte[] bytes) {}

  /** Tells the blocks of a snapshot that are not all hole, from one on. */
  public Snapshot list(String snapshotReference, long firstIndex, Visitor visitor)
      throws IOException {
    Snapshot snapshot = disk(snapshotReference);
    Joined joined = new Joined(firstIndex, visitor);
    try (SnapshotLease lease = snapshots.lease(snapshot.number(), "a list of blocks")) {
      FrozenFileSystem files = new FrozenFileSystem(lease.map(), snapshot.sizeBytes());
      long inode = files.lookup(FrozenFileSystem.ROOT_INODE, Disk.name()).inode();
      long at = Math.multiplyExact(Math.max(0, firstIndex), (long) BLOCK_BYTES);
      while (true) {
        long from = files.seek(inode, at, false);
        at = files.seek(inode, from, true);
        joined.range(from, at - from);
      }
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENXIO) {
        throw e;
      }
      // Behind the last data.
    }
    return snapshot;
  }

  /** Tells the blocks in which a snapshot may differ from one before it, from one on. */
  public Snapshot listChanged(String before, String after, long firstIndex, Visitor visitor)
      throws IOException {
    Joined joined = new Joined(firstIndex, visitor);
    return changed(before, after, joined::range);
  }

  private Snapshot changed(String before, String after, DiskDiff.Visitor visitor)
      throws IOException {
    Snapshot from = disk(before);
    Snapshot to = disk(after);
    try (SnapshotLease old = snapshots.lease(from.number(), "a comparison");
        SnapshotLease now = snapshots.lease(to.number(), "a comparison")) {
      DiskDiff.run(old.map(), now.map(), visitor);
    }
    return to;
  }

  /** Reads one block; NOT_FOUND behind the disk's end. */
  public Block read(String snapshotReference, long index) throws IOException {
    Snapshot snapshot = disk(snapshotReference);
    try (SnapshotLease lease = snapshots.lease(snapshot.number(), "a reader of blocks")) {
      FrozenFileSystem files =
          new FrozenFileSystem(lease.map(), snapshot.sizeBytes(), snapshot.described(), () -> {});
      long inode = files.lookup(FrozenFileSystem.ROOT_INODE, Disk.name()).inode();
      long sizeBytes = files.getAttributes(inode).sizeBytes();
      ByteBuffer bytes = ByteBuffer.allocate(lengthOf(index, sizeBytes, snapshot.described()));
      files.read(inode, index * BLOCK_BYTES, bytes);
      return new Block(index, bytes.array());
    }
  }

  /** How long a block of a disk is; NOT_FOUND behind its end. */
  public static int lengthOf(long index, long sizeBytes, String what) {
    if (index < 0 || index > (sizeBytes - 1) / BLOCK_BYTES) {
      throw FirnException.notFound(
          "%s has no block %d: its blocks are 0 to %d", what, index, (sizeBytes - 1) / BLOCK_BYTES);
    }
    return (int) Math.min(BLOCK_BYTES, sizeBytes - index * BLOCK_BYTES);
  }

  private Snapshot disk(String reference) {
    Snapshot snapshot = references.snapshot(reference);
    requireDisk(snapshot.kind(), snapshot.described());
    return snapshot;
  }

  static void requireDisk(VolumeKind kind, String described) {
    if (kind != VolumeKind.BLOCK) {
      throw FirnException.usage("%s has no blocks: it is of kind '%s'", described, kind.text());
    }
  }

  /** Makes numbers of blocks of ranges of bytes. */
  private static final class Joined {
    private final Visitor visitor;
    private long next;

    Joined(long firstIndex, Visitor visitor) {
      this.next = firstIndex;
      this.visitor = visitor;
    }

    void range(long offset, long length) throws IOException {
      long last = (offset + length - 1) / BLOCK_BYTES;
      for (next = Math.max(next, offset / BLOCK_BYTES); next <= last; next++) {
        visitor.block(next);
      }
    }
  }
}
