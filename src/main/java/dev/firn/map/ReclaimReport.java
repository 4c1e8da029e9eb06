package dev.firn.map;

/**
 * What reclaiming did, or would have done.
 *
 * @param dryRun whether nothing was changed
 * @param segments how many segments are left
 * @param liveBytes the bytes of their blocks that hold something that is still needed; those
 *     written lately, which were not looked at, are not counted
 * @param freedSegments how many segments went as a whole
 * @param freedBytes what the disk got back
 * @param tookMillis how long it took
 */
public record ReclaimReport(
    boolean dryRun,
    int segments,
    long liveBytes,
    int freedSegments,
    long freedBytes,
    long tookMillis) {}
