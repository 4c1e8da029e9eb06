package dev.firn.fuse;

import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A file system mounted at a directory of its own, taken away again whatever happens. */
public final class TestMount implements AutoCloseable {
  private final Path directory;
  private final Mount mount;
  private final Thread abort = new Thread(this::abort);

  public TestMount(Transport transport, FileSystem fileSystem, String... options)
      throws IOException {
    this(transport, fileSystem, Files.createTempDirectory("firn-mount-"), false, options);
  }

  public TestMount(
      Transport transport,
      FileSystem fileSystem,
      Path directory,
      boolean readOnly,
      String... options)
      throws IOException {
    this.directory = directory;
    mount =
        transport.mount(
            fileSystem, directory, new MountOptions("firn-test", readOnly, List.of(options)));
    Runtime.getRuntime().addShutdownHook(abort);
  }

  public Mount mount() {
    return mount;
  }

  public Path directory() {
    return directory;
  }

  /** The NUL-terminated path of a name below the mount. */
  public byte[] path(Object... name) {
    byte[] below = Posix.path(name);
    byte[] path = Posix.path(directory, "/", below);
    // Both ends were terminated.
    return Arrays.copyOf(path, path.length - 1);
  }

  /**
   * Fails all requests. A process that is killed while one of its own threads waits for its own
   * mount could otherwise never end.
   */
  private void abort() {
    int force = 1;
    int detach = 2;
    Posix.LIBC.umount2(Posix.path(directory), force | detach);
  }

  @Override
  public void close() throws IOException {
    Runtime.getRuntime().removeShutdownHook(abort);
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
