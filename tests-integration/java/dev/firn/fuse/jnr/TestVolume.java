package dev.firn.fuse.jnr;

import dev.firn.vfs.FileSystem;
import java.io.IOException;

/** A volume in a directory of its own, removed at the end. */
final class TestVolume implements AutoCloseable {
  private final FileSystem fileSystem = new MemoryFileSystem();

  FileSystem fileSystem() {
    return fileSystem;
  }

  @Override
  public void close() throws IOException {
    fileSystem.close();
  }
}
