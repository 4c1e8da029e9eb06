package dev.firn.fuse.kernel;

import dev.firn.base.DaemonThreads;
import dev.firn.vfs.KernelCache;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import jnr.constants.platform.Errno;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Messages to the kernel that nobody asked for. Their header is that of an answer: the code in the
 * place of the error, and 0 for the request.
 *
 * <p>The kernel does what a message says before the write(2) that sends it returns, and may wait
 * meanwhile for requests to be answered. So names are forgotten by a thread of their own: they need
 * the directory's lock, which whoever asked us may hold.
 */
final class Notifier implements KernelCache {
  private static final Logger LOG = LoggerFactory.getLogger(Notifier.class);

  private static final int INVALIDATE_INODE = 2;
  private static final int INVALIDATE_ENTRY = 3;
  private static final int INVALIDATE_INODE_BYTES = 24;
  private static final int INVALIDATE_ENTRY_BYTES = 16;

  private final Device device;
  private final OpenForWriting openForWriting;
  private final ExecutorService names;

  /** Writes of changed pages that failed: their writers have gone on long before. */
  private final AtomicLong failedWriteBacks = new AtomicLong();

  Notifier(Device device, OpenForWriting openForWriting, String threadName) {
    this.device = device;
    this.openForWriting = openForWriting;
    this.names = Executors.newSingleThreadExecutor(DaemonThreads.named(threadName));
  }

  @Override
  public void writeBack() throws IOException {
    long failedBefore = failedWriteBacks.get();
    for (long inode : openForWriting.all()) {
      writeBack(inode);
    }
    if (failedWriteBacks.get() != failedBefore) {
      throw new IOException("bytes that were written before could not be stored; see the log");
    }
  }

  /** To be called when a WRITE of changed pages fails, before its answer. */
  void writeBackFailed() {
    failedWriteBacks.incrementAndGet();
  }

  /**
   * Brings back the changed pages of one inode. The kernel takes the whole file out of its cache;
   * what was changed it sends as WRITE requests first, and waits for their answers: u64 inode, s64
   * offset, s64 length, 0 for all.
   */
  void writeBack(long inode) throws IOException {
    invalidate(inode, 0);
  }

  /**
   * The pages are left alone (offset -1). A thread that serves a request of that inode may call it.
   */
  @Override
  public void attributesChanged(long inode) throws IOException {
    invalidate(inode, -1);
  }

  private void invalidate(long inode, long offset) throws IOException {
    NativeBuffer message = new NativeBuffer(Request.OUT_HEADER_BYTES + INVALIDATE_INODE_BYTES);
    try {
      message.bytes.putLong(16, inode).putLong(24, offset).putLong(32, 0);
      Errno error = send(message, INVALIDATE_INODE, message.sizeBytes);
      // The kernel may not have it any more, in which case it has no pages of it either.
      if (error != null && error != Errno.ENOENT && error != Errno.ENODEV) {
        throw new IOException(
            "the kernel did not give inode " + inode + " up: " + error.description());
      }
    } finally {
      message.free();
    }
  }

  @Override
  public void forgetName(long directory, byte[] name) {
    try {
      names.execute(() -> invalidateEntry(directory, name.clone()));
    } catch (RejectedExecutionException e) {
      LOG.debug("A name need not be forgotten: the mount has ended");
    }
  }

  /** u64 directory, u32 length of the name, u32 flags, name, NUL. */
  private void invalidateEntry(long directory, byte[] name) {
    int length = Request.OUT_HEADER_BYTES + INVALIDATE_ENTRY_BYTES + name.length + 1;
    NativeBuffer message = new NativeBuffer(length);
    try {
      message.bytes.putLong(16, directory).putInt(24, name.length).put(32, name);
      Errno error = send(message, INVALIDATE_ENTRY, length);
      if (error != null && error != Errno.ENOENT && error != Errno.ENODEV) {
        LOG.warn("The kernel did not forget a name: {}", error.description());
      }
    } finally {
      message.free();
    }
  }

  private Errno send(NativeBuffer message, int code, int length) {
    message.bytes.putInt(0, length).putInt(4, code).putLong(8, 0);
    return device.send(message, length);
  }

  void close() {
    names.shutdown();
  }
}
