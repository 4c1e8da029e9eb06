package dev.firn.region;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.firn.map.SpaceUse;
import java.util.List;

/**
 * How much of the disk a home holds.
 *
 * @param storedBytes what the store has on the disk
 * @param liveBytes what of it can still be reached
 */
public record DiskUse(
    List<VolumeUse> volumes, List<SubregionUse> subregions, long storedBytes, long liveBytes) {
  /**
   * What one volume holds.
   *
   * @param id of a deleted one that left snapshots, too
   * @param sizeBytes null if it was deleted
   * @param space what its files of now hold; what its snapshots share with them is not exclusive
   * @param snapshots how many snapshots it has
   * @param snapshotBytes what the disk gets back when all of its snapshots are deleted
   */
  public record VolumeUse(
      String id,
      String name,
      Long sizeBytes,
      @JsonUnwrapped SpaceUse space,
      int snapshots,
      long snapshotBytes) {}

  /** The disk under one Subregion; several may be on one disk. */
  public record SubregionUse(String name, long diskBytes, long freeBytes) {}
}
