package dev.firn.map;

import dev.firn.base.Sizes;
import dev.firn.store.NoSpaceException;
import dev.firn.store.SegmentStore;
import java.io.IOException;

/**
 * Keeps a reserve free on the disk under a placement, so that on a full disk deleting, syncing and
 * unmounting still work. Asks the disk now and then, not for each write. Safe for concurrent use.
 */
final class DiskSpace {
  private static final long RESERVE_BYTES_MIN = 16 * Sizes.MIB;
  private static final long RESERVE_BYTES_MAX = 256 * Sizes.MIB;
  private static final long STALE_NANOS = 250_000_000L;

  private final SegmentStore segments;
  private final String placement;
  private long usableBytes;
  private long takenBytes;
  private long readAtNanos;
  private boolean known;

  DiskSpace(SegmentStore segments, String placement) {
    this.segments = segments;
    this.placement = placement;
  }

  /** Throws if {@code bytes} more would eat into the reserve. */
  synchronized void require(long bytes) throws IOException {
    long now = System.nanoTime();
    if (!known || now - readAtNanos > STALE_NANOS || usableBytes - takenBytes - bytes < reserve()) {
      usableBytes = segments.usableBytes(placement);
      takenBytes = 0;
      readAtNanos = now;
      known = true;
    }
    if (usableBytes - takenBytes - bytes < reserve()) {
      throw new NoSpaceException(
          "the disk under the store is full: "
              + Sizes.format(usableBytes)
              + " left, of which "
              + Sizes.format(reserve())
              + " are kept for deleting");
    }
    takenBytes += bytes;
  }

  /** Whether less than twice the reserve is left. */
  synchronized boolean isShort() throws IOException {
    return segments.usableBytes(placement) < 2 * reserve();
  }

  private long reserve() throws IOException {
    if (reserveBytes == 0) {
      reserveBytes =
          Math.max(
              RESERVE_BYTES_MIN, Math.min(RESERVE_BYTES_MAX, segments.totalBytes(placement) / 20));
    }
    return reserveBytes;
  }

  private long reserveBytes;
}
