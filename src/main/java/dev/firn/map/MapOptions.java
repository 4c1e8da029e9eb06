package dev.firn.map;

/**
 * Sizes that shape a store, all in bytes.
 *
 * @param pageBytes tree nodes: 192 to 65,528
 * @param segmentBytesMax a segment's length before the next is begun: at most 1 GiB
 * @param nodeCacheBytes decoded tree nodes kept in memory
 * @param extentCacheBytes unpacked file bytes kept in memory
 * @param stagedBytesMax file bytes that wait to be written before writers are made to help
 * @param changedBytesMax changed tree nodes in memory before a checkpoint writes them
 */
public record MapOptions(
    int pageBytes,
    long segmentBytesMax,
    long nodeCacheBytes,
    long extentCacheBytes,
    long stagedBytesMax,
    long changedBytesMax) {

  /** Sizes for a process with this much heap. */
  public static MapOptions forHeap(long heapBytes) {
    return new MapOptions(
        16 << 10,
        256L << 20,
        Math.max(heapBytes / 6, 16L << 20),
        Math.max(heapBytes / 8, 16L << 20),
        4L << 20,
        Math.max(heapBytes / 8, 16L << 20));
  }

  public static MapOptions standard() {
    return forHeap(Runtime.getRuntime().maxMemory());
  }
}
