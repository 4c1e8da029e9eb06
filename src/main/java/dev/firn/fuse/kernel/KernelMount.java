package dev.firn.fuse.kernel;

import dev.firn.fuse.Mount;
import dev.firn.fuse.MountPoint;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** One mount that this process serves itself. */
final class KernelMount implements Mount {
  private final Path directory;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  private KernelMount(Path directory) {
    this.directory = directory;
  }

  /** Mounts at a checked directory; returns when the kernel and we agreed on how to talk. */
  static KernelMount start(FileSystem fileSystem, Path directory, KernelOptions options)
      throws IOException {
    KernelMount mount = new KernelMount(directory);
    Device device = Mounter.mount(directory, options);
    boolean started = false;
    try {
      Session.start(fileSystem, directory, device, options, mount::end);
      started = true;
    } finally {
      if (!started) {
        device.close();
        MountPoint.unmountLazily(directory);
      }
    }
    if (options.isRoot()) {
      BackingDevice.raiseLimits(directory, options.readAheadBytes());
    }
    Guard.over(directory)
        .ifPresent(guard -> mount.ended.whenComplete((nothing, failure) -> guard.close()));
    return mount;
  }

  @Override
  public Path directory() {
    return directory;
  }

  @Override
  public void unmount() {
    MountPoint.unmount(directory, ended);
  }

  @Override
  public CompletableFuture<Void> ended() {
    return ended.copy();
  }

  private void end(Throwable failure) {
    if (failure == null) {
      ended.complete(null);
    } else {
      ended.completeExceptionally(failure);
    }
  }
}
