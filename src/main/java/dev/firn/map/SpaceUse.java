package dev.firn.map;

/**
 * How much of the disk a set of roots holds. All but the first in whole blocks of 4,096 bytes,
 * which is what a disk gives back; with the trees' nodes.
 *
 * @param logicalBytes file bytes before compression, without holes; bytes that files share count
 *     for each
 * @param storedBytes what is reached from the set
 * @param exclusiveBytes what is reached from nowhere else: what the disk gets back when the set
 *     goes
 */
public record SpaceUse(long logicalBytes, long storedBytes, long exclusiveBytes) {
  /** What is reached from elsewhere, too. */
  public long sharedBytes() {
    return storedBytes - exclusiveBytes;
  }
}
