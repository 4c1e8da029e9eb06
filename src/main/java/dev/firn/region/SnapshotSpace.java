package dev.firn.region;

import java.util.List;

/**
 * How much of the disk some snapshots hold.
 *
 * @param freedBytes what the disk gets back when all of them are deleted
 */
public record SnapshotSpace(List<Entry> snapshots, long freedBytes) {
  /** One of them; see {@link dev.firn.map.SpaceUse}. */
  public record Entry(
      String id,
      String name,
      String volumeName,
      long logicalBytes,
      long storedBytes,
      long sharedBytes,
      long exclusiveBytes) {}
}
