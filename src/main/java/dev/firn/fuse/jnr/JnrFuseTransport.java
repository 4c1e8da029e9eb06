package dev.firn.fuse.jnr;

import dev.firn.base.FirnException;
import dev.firn.fuse.FuseDevice;
import dev.firn.fuse.Mount;
import dev.firn.fuse.MountOptions;
import dev.firn.fuse.MountPoint;
import dev.firn.fuse.Transport;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Path;
import jnr.ffi.LibraryLoader;

/** Serves file systems through libfuse 2.9, over jnr-fuse. */
public final class JnrFuseTransport implements Transport {
  public static final String NAME = "jnr-fuse";

  private static final String LIBRARY = "libfuse.so.2";

  private static LibFuse2 library;
  private static VersionedSymbols symbols;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Mount mount(FileSystem fileSystem, Path directory, MountOptions options)
      throws IOException {
    Path place = MountPoint.prepare(directory);
    FuseDevice.require(directory);
    loadLibrary();
    return JnrFuseMount.start(library, symbols, fileSystem, place, options);
  }

  /** Whether the library is there. */
  public static boolean isInstalled() {
    try {
      loadLibrary();
      return true;
    } catch (FirnException e) {
      return false;
    }
  }

  private static synchronized void loadLibrary() {
    if (library == null) {
      try {
        // By its full name: "fuse" alone could find another major version.
        LibFuse2 loaded = LibraryLoader.create(LibFuse2.class).failImmediately().load(LIBRARY);
        symbols = new VersionedSymbols(LIBRARY);
        library = loaded;
      } catch (UnsatisfiedLinkError e) {
        throw FirnException.failed(
            "cannot mount: no %s here; install the package libfuse2: apt-get install libfuse2",
            LIBRARY);
      }
    }
  }
}
