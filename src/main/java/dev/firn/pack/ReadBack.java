package dev.firn.pack;

import dev.firn.base.FirnException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;

/** What is written for users is read again before anybody is told of success. */
final class ReadBack {
  private static final int BUFFER_BYTES = 1 << 20;

  private ReadBack() {}

  /**
   * Throws unless a file has what was written to it.
   *
   * @param checksum the CRC32C of that
   * @param file what users know it by
   */
  static void verify(Path written, long checksum, Path file) throws IOException {
    try (CheckedInputStream in =
        new CheckedInputStream(Files.newInputStream(written), new CRC32C())) {
      byte[] buffer = new byte[BUFFER_BYTES];
      while (in.read(buffer) >= 0) {
        // The checksum sees it.
      }
      if (in.getChecksum().getValue() != checksum) {
        throw differs(file);
      }
    }
  }

  /** That a file has something else than what was written to it. */
  static FirnException differs(Path file) {
    return FirnException.corrupt(
        "'%s' reads back differently from what was written; check the disk", file);
  }
}
