package dev.firn.daemon;

import dev.firn.fuse.Mount;
import dev.firn.fuse.MountOptions;
import dev.firn.fuse.MountPoint;
import dev.firn.fuse.Transports;
import dev.firn.pack.TreeMounter;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A mount inside the home, where only the home's owner can see it: it lets other programs at what a
 * file system holds. Nobody asked for it by name, so nothing brings it back. One thread at a time.
 */
final class PrivateMount implements TreeMounter.Mounted {
  private static final Logger LOG = LoggerFactory.getLogger(PrivateMount.class);
  private static final String TRANSPORT = "kernel";

  /** A program that writes here and does not force must hear itself of what cannot be stored. */
  private static final List<String> OPTIONS = List.of("no_writeback");

  /** Of all mounters: the mounts of a home have one directory. */
  private static final AtomicLong LAST = new AtomicLong();

  private final Mount mount;
  private boolean closed;

  private PrivateMount(Mount mount) {
    this.mount = mount;
  }

  /** The directory of a home that has all of these. */
  private static Path parent(Path home) {
    return home.resolve("mounts");
  }

  /** Takes away what a process that died has left. */
  static void clear(Path home) throws IOException {
    if (!Files.isDirectory(parent(home))) {
      return;
    }
    try (DirectoryStream<Path> left = Files.newDirectoryStream(parent(home))) {
      for (Path directory : left) {
        try {
          MountPoint.clearDeadMounts(directory);
          Files.delete(directory);
        } catch (IOException | RuntimeException e) {
          LOG.warn("A mount of a process that died stays at {}", directory, e);
        }
      }
    }
  }

  /** Makes mounts of a home for as long as other programs need them. */
  static TreeMounter mounter(Path home) {
    return (files, readOnly) -> open(home, "work-" + LAST.incrementAndGet(), files, readOnly);
  }

  /**
   * Mounts a file system, which is not closed with the mount.
   *
   * @param name of the directory: no other mount of the home has it
   */
  static PrivateMount open(Path home, String name, FileSystem fileSystem, boolean readOnly)
      throws IOException {
    Path directory = parent(home).resolve(name);
    Mount mount = null;
    try {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      mount =
          Transports.named(TRANSPORT)
              .mount(
                  fileSystem,
                  directory,
                  new MountOptions("firn:" + name, readOnly, OPTIONS, DiskReadAhead.bytes(home)));
      return new PrivateMount(mount);
    } finally {
      if (mount == null) {
        Files.deleteIfExists(directory);
      }
    }
  }

  @Override
  public Path directory() {
    return mount.directory();
  }

  /**
   * Takes it away; what was written is durable when this returns.
   *
   * @throws dev.firn.base.FirnException CONFLICT when it is busy: it stays as it is
   */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    mount.unmount();
    closed = true;
    Files.deleteIfExists(mount.directory());
  }

  /** As {@link #close}; whoever still uses it sees errors from now on. */
  void closeAnyway() throws IOException {
    try {
      close();
    } catch (dev.firn.base.FirnException busy) {
      LOG.warn("{}; it is detached", busy.getMessage());
      closed = true;
      MountPoint.unmountLazily(mount.directory());
    }
  }
}
