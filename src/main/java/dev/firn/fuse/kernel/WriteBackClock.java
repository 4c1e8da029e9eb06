package dev.firn.fuse.kernel;

import dev.firn.base.DaemonThreads;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import jnr.constants.platform.Errno;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings changed pages out of the kernel every two seconds, as long as any file is open for
 * writing: by itself it would keep them for half a minute, and a daemon that dies loses them. With
 * the commits of a store every two seconds that keeps the promise of five.
 *
 * <p>Asks with syncfs(2), which starts to write all that is changed and drops no page from the
 * cache. It needs an open directory of the mount: see {@link MountRoot}.
 */
final class WriteBackClock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WriteBackClock.class);
  private static final long PERIOD_MILLIS = 2_000;

  private final Path directory;
  private final OpenForWriting openForWriting;
  private final ScheduledExecutorService executor;

  private WriteBackClock(Path directory, OpenForWriting openForWriting) {
    this.directory = directory;
    this.openForWriting = openForWriting;
    this.executor =
        Executors.newSingleThreadScheduledExecutor(
            DaemonThreads.named("fuse-" + directory.getFileName() + "-write-back"));
  }

  static WriteBackClock start(Path directory, OpenForWriting openForWriting) {
    WriteBackClock clock = new WriteBackClock(directory, openForWriting);
    clock.executor.scheduleWithFixedDelay(
        clock::tick, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    return clock;
  }

  private void tick() {
    try {
      if (!openForWriting.isEmpty()) {
        writeBack();
      }
    } catch (RuntimeException | Error e) {
      LOG.error("{}: changed pages stay in the kernel", directory, e);
    }
  }

  private void writeBack() {
    int root = MountRoot.open(directory);
    if (root < 0) {
      Errno error = LinuxCalls.lastError();
      // Unmounted or cut off in between.
      LOG.debug("{}: not opened to write back: {}", directory, error);
      return;
    }
    try {
      if (LinuxCalls.LIBC.syncfs(root) != 0) {
        // Whoever wrote learns from fsync(2) or close(2); our WRITE handler has logged why.
        LOG.debug("{}: syncfs: {}", directory, LinuxCalls.lastError());
      }
    } finally {
      LinuxCalls.LIBC.close(root);
    }
  }

  /** Does not wait for what is under way, which a dead mount may hold up. */
  @Override
  public void close() {
    executor.shutdown();
  }
}
