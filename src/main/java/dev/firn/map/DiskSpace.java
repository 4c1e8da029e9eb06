package dev.firn.map;

import dev.firn.base.Sizes;
import dev.firn.store.NoSpaceException;
import dev.firn.store.SegmentStore;
import java.io.IOException;

/**
 * Keeps a reserve on the disk under a placement, so that on a full disk deleting, syncing and
 * unmounting still work: some of it set aside, so that nobody else can take it, neither those who
 * fill the disk nor a quota; the rest only left free. What is set aside is given up when a commit
 * needs it, and nothing may grow until it is there again. Asks the disk now and then, not for each
 * write. Safe for concurrent use.
 */
final class DiskSpace {
  /** Holds a checkpoint and what may wait to be written; see {@link MapOptions}. */
  static final long KEPT_BYTES = 16 * Sizes.MIB;

  private static final long RESERVE_BYTES_MIN = 24 * Sizes.MIB;
  private static final long RESERVE_BYTES_MAX = 256 * Sizes.MIB;
  private static final long STALE_NANOS = 250_000_000L;

  private enum Kept {
    /** Not asked for yet. */
    UNKNOWN,
    YES,
    /** There was no room, or it was given up. */
    NO,
    /** The disk cannot set anything aside. */
    NEVER
  }

  private final SegmentStore segments;
  private final String placement;
  private Kept kept = Kept.UNKNOWN;
  private long reserveBytes;
  private long usableBytes;
  private long takenBytes;
  private long readAtNanos;

  DiskSpace(SegmentStore segments, String placement) {
    this.segments = segments;
    this.placement = placement;
  }

  /** Throws if {@code bytes} more would eat into the reserve. */
  synchronized void require(long bytes) throws IOException {
    long now = System.nanoTime();
    boolean keeps = kept == Kept.YES || kept == Kept.NEVER;
    if (!keeps || now - readAtNanos > STALE_NANOS || !isRoomFor(bytes)) {
      // Whoever frees space may write at once.
      if (kept == Kept.UNKNOWN || kept == Kept.NO && segments.usableBytes(placement) >= reserve()) {
        keep();
      }
      usableBytes = segments.usableBytes(placement);
      takenBytes = 0;
      readAtNanos = now;
    }
    if (kept == Kept.NO || !isRoomFor(bytes)) {
      throw new NoSpaceException(
          "the disk under the store is full: "
              + Sizes.format(usableBytes)
              + " left, of which "
              + Sizes.format(freeBytesMin())
              + " are kept for deleting");
    }
    takenBytes += bytes;
  }

  /** Whether less than twice the reserve is left. */
  synchronized boolean isShort() throws IOException {
    return kept == Kept.NO || segments.usableBytes(placement) < freeBytesMin() + reserve();
  }

  /**
   * Lets those have what is set aside who cannot go on without.
   *
   * @return whether there was something
   */
  synchronized boolean giveUp() throws IOException {
    if (kept == Kept.UNKNOWN) {
      // An earlier process may have left it.
      keep();
    }
    if (kept != Kept.YES) {
      return false;
    }
    kept = Kept.NO;
    segments.giveUpReserve(placement);
    return true;
  }

  private void keep() throws IOException {
    try {
      kept = segments.keepReserve(placement, KEPT_BYTES) ? Kept.YES : Kept.NEVER;
    } catch (NoSpaceException e) {
      kept = Kept.NO;
    }
  }

  private boolean isRoomFor(long bytes) throws IOException {
    return usableBytes - takenBytes - bytes >= freeBytesMin();
  }

  /** What has to stay free beside what is set aside. */
  private long freeBytesMin() throws IOException {
    return reserve() - (kept == Kept.YES ? KEPT_BYTES : 0);
  }

  private long reserve() throws IOException {
    if (reserveBytes == 0) {
      reserveBytes =
          Math.max(
              RESERVE_BYTES_MIN, Math.min(RESERVE_BYTES_MAX, segments.totalBytes(placement) / 20));
    }
    return reserveBytes;
  }
}
