package dev.firn.region;

import dev.firn.snapshot.Snapshot;
import java.util.List;

/** Which of an account's snapshots other Regions have. Safe for concurrent use. */
public final class RegionCopies {
  private final Region region;
  private final RegionCopyRows rows;

  RegionCopies(Region region, RegionCopyRows rows) {
    this.region = region;
    this.rows = rows;
  }

  /**
   * @param snapshotId here
   * @param copyId there
   */
  public record RegionCopy(String snapshotId, String copyId) {}

  /** Those that were copied to a Region, newest first; there they may be gone meanwhile. */
  public List<RegionCopy> to(String regionName) {
    return rows.of(region.accountId(), regionName);
  }

  public void add(Snapshot snapshot, String regionName, String copyId) {
    rows.put(region.accountId(), regionName, new RegionCopy(snapshot.id(), copyId));
  }

  /** Forgets what is there no more. */
  public void remove(String snapshotId, String regionName) {
    rows.remove(region.accountId(), regionName, snapshotId);
  }
}
