package dev.firn.pack;

import java.io.IOException;

/** Reads somebody's archive, entry by entry. For one thread. */
interface ArchiveReader {
  /** The next entry; null behind the last. What was not read of the one before is passed over. */
  TarEntry next() throws IOException;

  /**
   * Reads content of the entry: at least one byte; asking for more than there is throws CORRUPT.
   */
  int read(byte[] target, int from, int length) throws IOException;
}
