package dev.firn.fuse.jnr;

import dev.firn.fuse.Mount;
import dev.firn.fuse.MountOptions;
import dev.firn.fuse.MountPoint;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A file system mounted at a directory of its own, taken away again whatever happens. */
final class TestMount implements AutoCloseable {
  private final Path directory;
  private final Mount mount;

  TestMount(FileSystem fileSystem, String... options) throws IOException {
    this(fileSystem, Files.createTempDirectory("firn-mount-"), false, options);
  }

  TestMount(FileSystem fileSystem, Path directory, boolean readOnly, String... options)
      throws IOException {
    this.directory = directory;
    mount =
        new JnrFuseTransport()
            .mount(
                fileSystem, directory, new MountOptions("firn-test", readOnly, List.of(options)));
  }

  Mount mount() {
    return mount;
  }

  Path directory() {
    return directory;
  }

  /** The NUL-terminated path of a name below the mount. */
  byte[] path(Object... name) {
    byte[] below = Posix.path(name);
    byte[] path = Posix.path(directory, "/", below);
    // Both ends were terminated.
    return Arrays.copyOf(path, path.length - 1);
  }

  @Override
  public void close() throws IOException {
    try {
      mount.unmount();
    } catch (RuntimeException e) {
      MountPoint.unmountLazily(directory);
      throw e;
    } finally {
      Files.deleteIfExists(directory);
    }
  }
}
