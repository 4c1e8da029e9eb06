package dev.firn.map;

import dev.firn.store.Compression;
import dev.firn.store.Draft;
import dev.firn.store.NoSpaceException;
import dev.firn.store.SegmentLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * File bytes that wait to be written. Whoever takes an extent out of the queue writes it, so
 * several threads compress and write at once. Safe for concurrent use.
 */
final class StagedExtents {
  private static final int BATCH_BYTES = 1 << 20;

  private final Deque<PendingExtent> queue = new ArrayDeque<>();
  private long bytes;

  synchronized PendingExtent add(byte[] content, int length, ByteBuffer frame) {
    PendingExtent extent = new PendingExtent(content, length, frame);
    queue.add(extent);
    bytes += length;
    return extent;
  }

  /** How many bytes wait. */
  synchronized long bytes() {
    return bytes;
  }

  /** Each leaves the queue only once it is in the batch, whatever happens. */
  private synchronized void takeBatch(List<PendingExtent> batch) {
    int batchBytes = 0;
    while (!queue.isEmpty() && batchBytes < BATCH_BYTES) {
      PendingExtent extent = queue.peek();
      extent.tried();
      batch.add(extent);
      queue.remove();
      bytes -= extent.length();
      batchBytes += extent.length();
    }
  }

  private synchronized void putBack(List<PendingExtent> batch) {
    for (int i = batch.size() - 1; i >= 0; i--) {
      queue.addFirst(batch.get(i));
      bytes += batch.get(i).length();
    }
  }

  /**
   * Writes up to a batch; false if nothing waited. On a full disk they wait on; when it throws
   * anything else, no later write may succeed.
   */
  boolean writeBatch(SegmentLog log, Compression compression) throws IOException {
    List<PendingExtent> batch = new ArrayList<>();
    IOException cause = null;
    try {
      takeBatch(batch);
      List<Draft> drafts = new ArrayList<>(batch.size());
      for (PendingExtent extent : batch) {
        drafts.add(extent.run().draft(compression));
      }
      log.append(drafts);
      for (int i = 0; i < batch.size(); i++) {
        batch.get(i).placed(drafts.get(i).pointer(), drafts.get(i).blocks());
      }
    } catch (IOException e) {
      cause = e;
      throw e;
    } finally {
      // Those who wait for one of these must not wait for good.
      for (PendingExtent extent : batch) {
        if (extent.pointer() == null) {
          extent.failed(cause != null ? cause : new IOException("writing file bytes broke off"));
        }
      }
      if (cause instanceof NoSpaceException) {
        putBack(batch);
      }
    }
    return !batch.isEmpty();
  }
}
