package dev.firn.fuse.jnr;

import dev.firn.base.FirnException;
import dev.firn.fuse.Mount;
import dev.firn.fuse.MountOptions;
import dev.firn.fuse.MountPoint;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One mount through libfuse 2, and the threads that serve it. They are Java threads that call
 * libfuse, rather than libfuse's own: those would be attached to the virtual machine and detached
 * again for each of their first thousand callbacks, and would not let us see the request that a
 * callback belongs to.
 */
final class JnrFuseMount implements Mount {
  private static final Logger LOG = LoggerFactory.getLogger(JnrFuseMount.class);

  /**
   * Requests served at once. Most of them may wait in fsync, so more than there are processors;
   * each costs a buffer of 132 KiB.
   */
  private static final int WORKER_THREADS = 16;

  /** The kernel sends its first request right away; without it the mount is broken. */
  private static final int READY_SECONDS_MAX = 20;

  private static final int EINTR = 4;
  private static final int EAGAIN = 11;

  private final LibFuse2 library;
  private final VersionedSymbols symbols;
  private final FileSystem fileSystem;
  private final Path directory;
  private final OperationTable operations;
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final AtomicInteger workersLeft = new AtomicInteger(WORKER_THREADS);

  private long mountPoint;
  private long channel;
  private long fuse;
  private long session;

  private JnrFuseMount(
      LibFuse2 library, VersionedSymbols symbols, FileSystem fileSystem, Path directory) {
    this.library = library;
    this.symbols = symbols;
    this.fileSystem = fileSystem;
    this.directory = directory;
    operations = new OperationTable(fileSystem, directory.toString(), () -> ready.complete(null));
  }

  /** Mounts at a checked directory; returns when the kernel has said hello. */
  static JnrFuseMount start(
      LibFuse2 library,
      VersionedSymbols symbols,
      FileSystem fileSystem,
      Path directory,
      MountOptions options)
      throws IOException {
    JnrFuseMount mount = new JnrFuseMount(library, symbols, fileSystem, directory);
    mount.connect(options);
    mount.startWorkers();
    mount.awaitReady();
    return mount;
  }

  @Override
  public Path directory() {
    return directory;
  }

  @Override
  public CompletableFuture<Void> ended() {
    return ended.copy();
  }

  @Override
  public void unmount() {
    MountPoint.unmount(directory, ended);
  }

  private void connect(MountOptions options) {
    MountArguments arguments = new MountArguments(options, MountPoint.isRoot());
    mountPoint = NativeMemory.allocateString(MountPoint.bytes(directory));
    try {
      channel = library.fuse_mount(mountPoint, arguments.address());
      if (channel == 0) {
        throw refused("libfuse could not mount there (its standard error says why)", options);
      }
      fuse =
          symbols.fuseNew(
              channel, arguments.address(), operations.address(), operations.sizeBytes());
      if (fuse == 0) {
        library.fuse_unmount(mountPoint, channel);
        throw refused("libfuse did not accept the options", options);
      }
      session = library.fuse_get_session(fuse);
    } catch (RuntimeException e) {
      NativeMemory.free(mountPoint);
      throw e;
    } finally {
      arguments.free(library);
    }
  }

  private FirnException refused(String why, MountOptions options) {
    return FirnException.failed(
        "cannot mount at '%s': %s; options asked for: %s",
        directory,
        why,
        options.fuseOptions().isEmpty() ? "none" : String.join(",", options.fuseOptions()));
  }

  private void startWorkers() {
    for (int i = 0; i < WORKER_THREADS; i++) {
      Thread worker = new Thread(this::work, "fuse-" + directory.getFileName() + "-" + i);
      // A mount must not keep a process alive that forgot to unmount.
      worker.setDaemon(true);
      worker.start();
    }
  }

  private void awaitReady() throws IOException {
    try {
      ended.whenComplete((ignored, fault) -> ready.completeExceptionally(new IOException("ended")));
      ready.get(READY_SECONDS_MAX, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      MountPoint.unmountLazily(directory);
      Thread.currentThread().interrupt();
      throw FirnException.failed("interrupted while mounting '%s'", directory);
    } catch (ExecutionException | TimeoutException e) {
      MountPoint.unmountLazily(directory);
      throw FirnException.failed(
          "cannot mount at '%s': the kernel and libfuse did not agree on a protocol", directory);
    }
  }

  /** Serves requests until the mount has ended; the last thread to see that tidies up. */
  private void work() {
    try {
      serve();
    } catch (Throwable fault) {
      LOG.error("{}: a thread that serves requests ended by a fault", directory, fault);
    } finally {
      DirectoryOperations.freeThread();
      if (workersLeft.decrementAndGet() == 0) {
        end();
      }
    }
  }

  private void serve() {
    long bufferBytes = library.fuse_chan_bufsize(channel);
    long buffer = NativeMemory.allocate(bufferBytes);
    long channelPointer = NativeMemory.allocate(Long.BYTES);
    Request request = Request.current();
    try {
      while (true) {
        NativeMemory.putLong(channelPointer, channel);
        int length = library.fuse_chan_recv(channelPointer, buffer, bufferBytes);
        if (length == -EINTR || length == -EAGAIN) {
          continue;
        }
        if (length <= 0) {
          return;
        }
        request.setAddress(buffer);
        operations.prepare(request);
        library.fuse_session_process(session, buffer, length, channel);
        request.setAddress(0);
      }
    } finally {
      NativeMemory.free(channelPointer);
      NativeMemory.free(buffer);
    }
  }

  private void end() {
    try {
      library.fuse_unmount(mountPoint, channel);
      library.fuse_destroy(fuse);
      NativeMemory.free(mountPoint);
      operations.releaseAll();
      fileSystem.syncAll();
      ended.complete(null);
    } catch (Throwable fault) {
      LOG.error("{}: the end of the mount failed", directory, fault);
      ended.completeExceptionally(fault);
    }
  }
}
