package dev.firn.map;

/**
 * A root that a home keeps.
 *
 * @param volumeNumber the map it is in
 * @param snapshotNumber the frozen root's, or {@link #HEAD}
 */
public record RootName(long volumeNumber, long snapshotNumber) {
  /** In place of a snapshot's number: the map's head. */
  public static final long HEAD = 0;

  public static RootName head(long volumeNumber) {
    return new RootName(volumeNumber, HEAD);
  }
}
