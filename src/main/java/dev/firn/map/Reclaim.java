package dev.firn.map;

import dev.firn.store.LogPosition;
import dev.firn.store.NoSpaceException;
import dev.firn.store.SegmentStore;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives back the space of records that nothing can reach any more: whole segments are deleted, and
 * blocks without a live record are cut out of others. Writers go on meanwhile.
 *
 * <p>Invariants; each of them keeps something from being lost:
 *
 * <ul>
 *   <li>Live is what can be reached from any head, frozen root, map in use, or either slot of a
 *       superblock, of any volume of the home. Volumes are listed again after the roots were taken,
 *       until there is no new one: a clone may have been made of a snapshot that went meanwhile.
 *   <li>Only segments that were there before count, and of a volume's own log only what lies before
 *       the place where recovery would begin.
 *   <li>What was not reachable is so durably before anything is given back, and whoever looked up
 *       places before has left.
 * </ul>
 */
final class Reclaim {
  private final SegmentStore segments;
  private final ReclaimedMaps maps;
  private final ReclaimPace pace;
  private final LiveRecords live = new LiveRecords();
  private final LiveWalk walk;
  private final Map<Long, ReclaimRoots> taken = new HashMap<>();

  private List<Long> known = List.of();
  private long startNanos;
  private int liveSegments;
  private long liveBytes;
  private int freedSegments;
  private long freedBytes;
  private long recentBytes;

  Reclaim(
      SegmentStore segments,
      NodeStore nodes,
      ExtentKeys extentKeys,
      ReclaimedMaps maps,
      ReclaimPace pace) {
    this.segments = segments;
    this.maps = maps;
    this.pace = pace;
    this.walk = new LiveWalk(nodes, extentKeys, live);
  }

  /** Takes the roots: what cannot be reached from now on never can again. Then {@link #finish}. */
  void begin() throws IOException {
    startNanos = System.nanoTime();
    known = segments.list();
    while (takeRoots()) {
      // Once more: there may be new volumes.
    }
  }

  /**
   * Gives back, or with {@code dryRun} only tells what that would be.
   *
   * @throws dev.firn.store.CorruptDataException if a tree cannot be read: then nothing is given
   *     back
   * @throws NoSpaceException if the disk is too full for some volume's checkpoint: then the space
   *     of others was given back
   */
  ReclaimReport finish(boolean dryRun) throws IOException {
    for (ReclaimRoots roots : taken.values()) {
      walk.walk(roots);
    }
    for (ReclaimRoots roots : taken.values()) {
      roots.volume().awaitPlaceHolders();
    }
    for (long segment : known) {
      long begin = System.nanoTime();
      reclaim(segment, dryRun);
      // What is dead stays so: however long this takes, the roots of then are enough.
      if (!dryRun) {
        pace.stepTook(System.nanoTime() - begin);
      }
    }
    for (ReclaimRoots roots : taken.values()) {
      if (roots.full() != null) {
        // What others had to give back the disk has; this is to be tried again.
        throw new NoSpaceException(roots.full().getMessage(), roots.full());
      }
    }
    long millis = (System.nanoTime() - startNanos - pace.pausedNanos()) / 1_000_000;
    return new ReclaimReport(
        dryRun, liveSegments, liveBytes, freedSegments, freedBytes, recentBytes, millis);
  }

  private boolean takeRoots() throws IOException {
    boolean more = false;
    for (long number : maps.list()) {
      if (!taken.containsKey(number)) {
        try {
          taken.put(number, maps.with(number, VolumeMap::reclaimRoots));
          more = true;
        } catch (NoSuchFileException e) {
          // Deleted meanwhile.
        }
      }
    }
    return more;
  }

  private void reclaim(long segment, boolean dryRun) throws IOException {
    ReclaimRoots roots = taken.get(LogPosition.volumeOf(segment));
    long end = segments.length(segment);
    boolean whole = true;
    if (roots != null) {
      LogPosition keptFrom = roots.keptFrom();
      if (keptFrom == null) {
        liveSegments++;
        return;
      }
      if (segment >= keptFrom.segment()) {
        long examinedBytes = segment == keptFrom.segment() ? Math.min(end, keptFrom.offset()) : 0;
        recentBytes += end - examinedBytes;
        end = examinedBytes;
        whole = false;
      }
    }
    if (whole && live.blocks().hasNoneOf(segment)) {
      freedBytes += segments.allocatedBytes(segment, 0, end);
      freedSegments++;
      if (!dryRun) {
        segments.delete(segment);
      }
      return;
    }
    liveSegments++;
    liveBytes += live.blocks().bytes(segment);
    // The first block has the segment's head.
    for (BlockSet.Run gap : live.blocks().gaps(segment, BlockSet.BLOCK_BYTES, end)) {
      freedBytes +=
          dryRun
              ? segments.allocatedBytes(segment, gap.from(), gap.to())
              : segments.punch(segment, gap.from(), gap.to());
    }
  }
}
