package dev.firn.map;

/**
 * What reclaiming did, or would have done.
 *
 * @param dryRun whether nothing was changed
 * @param segments how many segments are left
 * @param liveBytes the bytes of their blocks that hold something that is still needed, without
 *     those of {@code recentBytes}
 * @param freedSegments how many segments went as a whole
 * @param freedBytes what the disk got back
 * @param recentBytes what was written so lately that only the next run can look at it
 * @param tookMillis how long it took, without pauses for the sake of others
 */
public record ReclaimReport(
    boolean dryRun,
    int segments,
    long liveBytes,
    int freedSegments,
    long freedBytes,
    long recentBytes,
    long tookMillis) {}
