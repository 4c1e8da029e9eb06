package dev.firn.pack;

import dev.firn.vfs.FileSystem;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/** Lets other programs at what a file system holds, by a mount that nobody else sees. */
@FunctionalInterface
public interface TreeMounter {
  /** A mount that ends when it is closed. */
  interface Mounted extends Closeable {
    /** Its absolute path. */
    Path directory();
  }

  /** Mounts a file system, which is not closed with the mount. */
  Mounted mount(FileSystem files, boolean readOnly) throws IOException;
}
