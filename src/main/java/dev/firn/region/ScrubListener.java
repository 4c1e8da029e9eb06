package dev.firn.region;

import java.io.IOException;

/** Is told of a home's verification. */
public interface ScrubListener {
  /**
   * How far it is.
   *
   * @param totalBytes about
   */
  void progress(long doneBytes, long totalBytes) throws IOException;

  void damaged(Damage damage) throws IOException;

  /**
   * Something that cannot be read.
   *
   * @param volume a name, or what is known of a map without one
   * @param snapshot a name or an id; null: the volume as it is now
   * @param path of a file from the volume's root; null: a part of the tree, or a file without name
   * @param offset of the first byte in the file that cannot be read
   * @param lengthBytes how many
   */
  record Damage(
      String volume, String snapshot, byte[] path, long offset, long lengthBytes, String problem) {}
}
