package dev.firn.map;

import java.io.IOException;

/** Is told what {@link Scrub} finds. */
public interface ScrubVisitor {
  /** In place of a snapshot's number: the volume as it is now. */
  long HEAD = RootName.HEAD;

  /** In place of a snapshot's number: the table of snapshots itself. */
  long TABLE = -1;

  /** So many more bytes are as they were written. */
  void verified(long bytes) throws IOException;

  /**
   * A run of file bytes cannot be read; others that share it cannot either.
   *
   * @param root the first that was found to have it
   * @param snapshotNumber the root's, or {@link #HEAD}
   */
  void damagedExtent(
      FrozenMap root, long snapshotNumber, byte[] key, int lengthBytes, String problem)
      throws IOException;

  /** A part of a tree cannot be read, and what is below it. */
  void damagedNode(VolumeMap map, long snapshotNumber, String problem) throws IOException;
}
