package dev.firn.fuse.kernel;

import dev.firn.fuse.MountPoint;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import jnr.constants.platform.Errno;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the kernel fetch by asking it as any program would, through the mount that we serve:
 * readahead(2) and getdents64(2). So nothing is put into its caches behind its back, which could
 * undo a write that it has not handed over yet (FUSE_NOTIFY_STORE would); it leaves out what it
 * has, and locks as it does for all.
 *
 * <p>Files are opened by what the kernel calls them (open_by_handle_at(2)), in a copy of the mount
 * that is attached nowhere (see {@link MountRoot}): an unmounting does not find the mount busy.
 * Only root may do either; for others nothing is fetched.
 */
final class OwnMount implements FetchAhead.Fetcher {
  private static final Logger LOG = LoggerFactory.getLogger(OwnMount.class);

  /** What comes while so many wait is left out: it is slow anyway. */
  private static final int WAITING_MAX = 4096;

  /** fuse_fh_to_dentry's, in the kernel: a node's number in two halves, the higher first. */
  private static final int HANDLE_TYPE = 0x81;

  private static final int HANDLE_BYTES = 12;

  /** For reading. It does not wait where somebody has a lease on the file. */
  private static final int OPEN_FLAGS = LinuxCalls.O_CLOEXEC | LinuxCalls.O_NONBLOCK;

  /** So many times the names that were expected, and no more. */
  private static final int NAMES_MORE = 2;

  private static final int LISTING_BYTES_MIN = 4096;
  private static final int LISTING_BYTES_MAX = 1 << 20;

  /** Of a listing with attributes, for most names. */
  private static final int NAME_BYTES_MAX = 256;

  /** Of a record of getdents64(2): u64 inode, u64 cookie, u16 its length, u8 type, name. */
  private static final int RECORD_LENGTH_AT = 16;

  private static final int NAME_AT = 19;

  private final FileSystem fileSystem;
  private final Path directory;
  private final Executor executor;

  /** It guards the next two as well. */
  private final Queue<Wanted> queue = new ArrayDeque<>();

  /** A thread empties the queue. */
  private boolean fetching;

  private boolean allowed = MountPoint.isRoot();

  OwnMount(FileSystem fileSystem, Path directory, Executor executor) {
    this.fileSystem = fileSystem;
    this.directory = directory;
    this.executor = executor;
  }

  /**
   * @param offset below 0: names
   * @param size bytes, or names
   */
  private record Wanted(long inode, long offset, int size) {}

  @Override
  public void fetchPages(long inode, long offset, int sizeBytes) {
    fetch(new Wanted(inode, offset, sizeBytes));
  }

  @Override
  public void fetchNames(long directory, int expected) {
    fetch(new Wanted(directory, -1, expected));
  }

  private void fetch(Wanted wanted) {
    synchronized (queue) {
      if (!allowed || queue.size() == WAITING_MAX) {
        return;
      }
      queue.add(wanted);
      if (fetching) {
        return;
      }
      fetching = true;
    }
    try {
      executor.execute(this::fetchAll);
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      LOG.debug("{}: nothing is fetched ahead: {}", directory, e.getMessage());
      synchronized (queue) {
        fetching = false;
        queue.clear();
      }
    }
  }

  private Wanted next() {
    synchronized (queue) {
      Wanted next = queue.poll();
      fetching = next != null;
      return next;
    }
  }

  private void fetchAll() {
    try (Opened opened = new Opened(MountRoot.open(directory))) {
      for (Wanted wanted = next(); wanted != null; wanted = next()) {
        fetch(opened, wanted);
      }
    } catch (RuntimeException | Error e) {
      LOG.error("{}: nothing more is fetched ahead", directory, e);
      stop();
    }
  }

  private void stop() {
    synchronized (queue) {
      allowed = false;
      queue.clear();
    }
  }

  private void fetch(Opened opened, Wanted wanted) {
    int fd = opened.open(wanted.inode());
    if (fd < 0) {
      return;
    }
    if (wanted.offset() >= 0) {
      LinuxCalls.LIBC.readahead(fd, wanted.offset(), wanted.size());
    } else {
      list(fd, wanted.size());
      // It stands at its end.
      opened.closeFile();
    }
  }

  /** struct file_handle: u32 bytes, s32 type, then the node's number and its generation. */
  private byte[] handle(long inode) throws IOException {
    long generation = fileSystem.getAttributes(inode).generation();
    return ByteBuffer.allocate(2 * Integer.BYTES + HANDLE_BYTES)
        .order(ByteOrder.nativeOrder())
        .putInt(HANDLE_BYTES)
        .putInt(HANDLE_TYPE)
        .putInt((int) (inode >>> 32))
        .putInt((int) inode)
        .putInt((int) generation)
        .array();
  }

  /** To list a directory has the kernel ask for what its names lead to, too (READDIRPLUS). */
  private static void list(int directory, int expected) {
    NativeBuffer buffer = new NativeBuffer(listingBytes(expected));
    try {
      int names = 0;
      long length;
      do {
        length = LinuxCalls.getdents(directory, buffer.address, buffer.sizeBytes);
        int last = 0;
        for (int at = 0; at < length; at += buffer.bytes.getShort(at + RECORD_LENGTH_AT)) {
          last = at;
          names++;
        }
        if (length > 0) {
          use(directory, nameAt(buffer.bytes, last));
        }
      } while (length > 0 && names < NAMES_MORE * expected);
    } finally {
      buffer.free();
    }
  }

  private static int listingBytes(int names) {
    return (int) Math.min(LISTING_BYTES_MAX, LISTING_BYTES_MIN + (long) names * NAME_BYTES_MAX);
  }

  private static byte[] nameAt(ByteBuffer records, int at) {
    int end = at + NAME_AT;
    while (records.get(end) != 0) {
      end++;
    }
    byte[] terminated = new byte[end + 1 - at - NAME_AT];
    records.get(at + NAME_AT, terminated);
    return terminated;
  }

  /**
   * The kernel goes on to ask for what names lead to (READDIRPLUS_AUTO) only if such names are
   * used: walking to one is enough, and is no request.
   */
  private static void use(int directory, byte[] name) {
    int flags = LinuxCalls.O_CLOEXEC | LinuxCalls.O_PATH | LinuxCalls.O_NOFOLLOW;
    int fd = LinuxCalls.LIBC.openat(directory, name, flags);
    if (fd >= 0) {
      LinuxCalls.LIBC.close(fd);
    }
  }

  /** The mount's root and one file of it: much of what is wanted at a time is of the same. */
  private final class Opened implements AutoCloseable {
    private final int root;
    private long inode;
    private int fd = -1;

    private Opened(int root) {
      this.root = root;
    }

    /** Below 0 if it cannot be. */
    private int open(long wanted) {
      if (fd >= 0 && wanted == inode) {
        return fd;
      }
      closeFile();
      if (root < 0) {
        return -1;
      }
      inode = wanted;
      fd = wanted == FileSystem.ROOT_INODE ? openRoot() : openByHandle(wanted);
      return fd;
    }

    private int openRoot() {
      return LinuxCalls.LIBC.openat(root, Mounter.text("."), OPEN_FLAGS);
    }

    private int openByHandle(long wanted) {
      byte[] handle;
      try {
        handle = handle(wanted);
      } catch (IOException e) {
        LOG.debug("{}: inode {} is gone or cannot be read", directory, wanted, e);
        return -1;
      }
      int opened = LinuxCalls.LIBC.open_by_handle_at(root, handle, OPEN_FLAGS);
      if (opened < 0 && LinuxCalls.lastError() == Errno.EPERM) {
        LOG.info("{}: nothing is fetched ahead: files may not be opened by handles", directory);
        stop();
      }
      return opened;
    }

    private void closeFile() {
      if (fd >= 0) {
        LinuxCalls.LIBC.close(fd);
        fd = -1;
      }
    }

    @Override
    public void close() {
      closeFile();
      if (root >= 0) {
        LinuxCalls.LIBC.close(root);
      }
    }
  }
}
