package dev.firn.region;

import dev.firn.snapshot.Snapshot;
import dev.firn.vfs.FileSystem;
import java.io.Closeable;
import java.io.IOException;

/**
 * A snapshot in the making that nobody sees. Fill {@link #target}, then {@link #publish}; {@link
 * #close} without that leaves nothing behind, or what was kept last. One thread at a time, except
 * for the target.
 */
public interface SnapshotImport extends Closeable {
  /**
   * A writable file system of the requested size, empty or with what its base has. Do not close it.
   * For a block volume it must become exactly a {@link dev.firn.vfs.Disk}, not longer than the
   * volume.
   */
  FileSystem target();

  /**
   * Changes the size of the volume that the snapshot shows and the target enforces: an archive
   * tells what it needs only when all of it has been read.
   *
   * @param volumeSizeBytes not less than what the target holds
   */
  void resize(long volumeSizeBytes) throws IOException;

  /**
   * Freezes the target; once it returns the snapshot is durable and visible.
   *
   * @throws dev.firn.base.FirnException of kind CORRUPT if what should be a disk is none
   */
  Snapshot publish() throws IOException;

  /**
   * What {@link #keep} was given last before this import was interrupted; the target is what it was
   * then. Null if it begins anew.
   */
  default byte[] kept() {
    return null;
  }

  /**
   * Makes the target durable as it is now, with what its importer needs to go on from here after an
   * interruption, in the place of what was kept before.
   */
  default void keep(byte[] state) throws IOException {
    throw new UnsupportedOperationException("this import cannot be gone on with");
  }

  /** From now on nothing is kept: what is imported is no good. */
  default void drop() {}

  /** Removes everything unless published or kept; harmless when repeated. */
  @Override
  void close() throws IOException;
}
