package dev.firn.base;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** What it takes on Linux for files to survive a crash. */
public final class DurableFiles {
  private DurableFiles() {}

  /**
   * Forces a file's content, or a directory's entries, to the disk: a file that was made, renamed
   * or removed is durably so only after its directory was forced.
   */
  public static void force(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
