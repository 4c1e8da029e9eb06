package dev.firn.fuse.kernel;

import dev.firn.fuse.MountPoint;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import jnr.constants.platform.Errno;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the kernel fetch by asking it as any program would, through the mount that we serve:
 * readahead(2) and getdents64(2). So nothing is put into its caches behind its back, which could
 * undo a write that it has not handed over yet (FUSE_NOTIFY_STORE would); it leaves out what it
 * has, and locks as it does for all.
 *
 * <p>Inodes are opened by what the kernel calls them (open_by_handle_at(2)), in a copy of the mount
 * that is attached nowhere (see {@link MountRoot}): an unmounting does not find the mount busy.
 * Only root may do either.
 *
 * <p>Invariant: no file is opened here that somebody has open for writing. To close a file brings
 * its changed pages back, and tells whoever closes it if that failed: the writer's close(2) would
 * not hear of it. So each is open for as long as one call takes, and no longer: some 50 µs, in
 * which a writer would have to come, write and fail. (His fsync(2) tells him in any case.)
 */
final class OwnMount implements FetchAhead.Fetcher {
  private static final Logger LOG = LoggerFactory.getLogger(OwnMount.class);

  /** What comes while so many wait is left out: it is slow anyway. */
  private static final int WAITING_MAX = 4096;

  /** What waited for longer was asked for meanwhile; and an unmounting waits for what is left. */
  private static final long WAITING_NANOS_MAX = TimeUnit.SECONDS.toNanos(1);

  /** fuse_fh_to_dentry's, in the kernel: a node's number in two halves, the higher first. */
  private static final int HANDLE_TYPE = 0x81;

  private static final int HANDLE_BYTES = 12;

  /**
   * For reading. It does not wait where somebody has a lease on the file, and the kernel keeps no
   * listing that we read: see {@link DirectoryRequests}.
   */
  private static final int OPEN_FLAGS =
      LinuxCalls.O_CLOEXEC | LinuxCalls.O_NONBLOCK | LinuxCalls.O_NOATIME;

  /** Long ones keep those waiting who make names in that directory. */
  private static final int LISTING_BYTES = 128 << 10;

  /** What a usual name takes of what the kernel asks for, which is as long as our buffer. */
  private static final int LISTED_NAME_BYTES = Structures.ENTRY_BYTES + 40;

  /** Of a record of getdents64(2): u64 inode, u64 cookie, u16 its length, u8 type, name. */
  private static final int COOKIE_AT = 8;

  private static final int RECORD_LENGTH_AT = 16;

  private static final int NAME_AT = 19;

  /** AT_EMPTY_PATH | AT_STATX_DONT_SYNC: of a descriptor, and without a request. */
  private static final int STATUS_FLAGS = 0x1000 | 0x4000;

  /** Of struct statx: two u32. */
  private static final int DEVICE_AT = 136;

  private static final int STATUS_BYTES = 256;
  private static final long NO_DEVICE = -1;

  private final FileSystem fileSystem;
  private final Path directory;
  private final OpenForWriting openForWriting;
  private final Executor executor;

  /** It guards {@link #fetching}. */
  private final Queue<Wanted> queue = new ArrayDeque<>();

  /** A thread empties the queue. */
  private boolean fetching;

  /** Written after the device. */
  private volatile boolean able;

  private long device = NO_DEVICE;

  OwnMount(
      FileSystem fileSystem, Path directory, OpenForWriting openForWriting, Executor executor) {
    this.fileSystem = fileSystem;
    this.directory = directory;
    this.openForWriting = openForWriting;
    this.executor = executor;
  }

  /** What shall be fetched, and since when. */
  private sealed interface Wanted {
    long inode();

    long sinceNanos();
  }

  private record Pages(long inode, long offset, int sizeBytes, long sinceNanos) implements Wanted {}

  private record Names(
      long inode, NameSweeps.Part part, FetchAhead.NamesListener listener, long sinceNanos)
      implements Wanted {}

  /** When it is mounted, and nothing can have taken its place yet. */
  void begin() {
    device = device(LinuxCalls.AT_FDCWD, MountPoint.terminated(directory));
    able = device != NO_DEVICE;
  }

  @Override
  public boolean isAble() {
    return able;
  }

  @Override
  public void fetchPages(long inode, long offset, int sizeBytes) {
    enqueue(new Pages(inode, offset, sizeBytes, System.nanoTime()));
  }

  @Override
  public void fetchNames(long directory, NameSweeps.Part part, FetchAhead.NamesListener listener) {
    enqueue(new Names(directory, part, listener, System.nanoTime()));
  }

  private void enqueue(Wanted wanted) {
    synchronized (queue) {
      if (queue.size() == WAITING_MAX) {
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
    int root = MountRoot.openCopy(directory);
    // After a lazy unmounting something else may be there, or lie over it.
    boolean ours = root >= 0 && device(root, Mounter.text("")) == device;
    if (!ours) {
      LOG.debug("{}: nothing is fetched ahead: not our mount, {}", directory, root);
    }
    try {
      for (Wanted wanted = next(); wanted != null; wanted = next()) {
        if (ours && able && isFresh(wanted)) {
          fetch(root, wanted);
        }
      }
    } catch (RuntimeException | Error e) {
      LOG.error("{}: nothing more is fetched ahead", directory, e);
      able = false;
    } finally {
      if (root >= 0) {
        LinuxCalls.LIBC.close(root);
      }
    }
  }

  private static boolean isFresh(Wanted wanted) {
    return System.nanoTime() - wanted.sinceNanos() < WAITING_NANOS_MAX;
  }

  private void fetch(int root, Wanted wanted) {
    if (openForWriting.contains(wanted.inode())) {
      return;
    }
    int fd = open(root, wanted.inode());
    if (fd < 0) {
      return;
    }
    try {
      if (wanted instanceof Pages pages) {
        LinuxCalls.LIBC.readahead(fd, pages.offset(), pages.sizeBytes());
      } else if (wanted instanceof Names names) {
        list(fd, names);
      }
    } finally {
      LinuxCalls.LIBC.close(fd);
    }
  }

  /** Below 0 if it cannot be. */
  private int open(int root, long inode) {
    if (inode == FileSystem.ROOT_INODE) {
      return LinuxCalls.LIBC.openat(root, Mounter.text("."), OPEN_FLAGS);
    }
    byte[] handle;
    try {
      handle = handle(inode);
    } catch (IOException e) {
      LOG.debug("{}: inode {} is gone or cannot be read", directory, inode, e);
      return -1;
    }
    int fd = LinuxCalls.LIBC.open_by_handle_at(root, handle, OPEN_FLAGS);
    if (fd < 0) {
      Errno error = LinuxCalls.lastError();
      LOG.debug("{}: inode {} is not opened: {}", directory, inode, error);
      if (error == Errno.EPERM) {
        LOG.info("{}: nothing is fetched ahead: files may not be opened by handles", directory);
        able = false;
      }
    }
    return fd;
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
  private static void list(int directory, Names wanted) {
    NameSweeps.Part part = wanted.part();
    if (LinuxCalls.LIBC.lseek(directory, part.cookie, LinuxCalls.SEEK_SET) < 0) {
      return;
    }
    long sizeBytes = Math.min((long) part.names * LISTED_NAME_BYTES, LISTING_BYTES);
    NativeBuffer buffer = new NativeBuffer((int) sizeBytes);
    byte[] end;
    long endCookie = 0;
    try {
      int names = 0;
      int leftOut = 0;
      boolean wants;
      do {
        long length = LinuxCalls.getdents(directory, buffer.address, buffer.sizeBytes);
        int last = 0;
        for (int at = 0; at < length; at += buffer.bytes.getShort(at + RECORD_LENGTH_AT)) {
          last = at;
          names++;
          // All come before it, until one does not.
          if (leftOut == names - 1 && isBefore(buffer.bytes, at, part.until)) {
            leftOut++;
          }
        }
        end = null;
        if (length > 0) {
          end = nameAt(buffer.bytes, last);
          endCookie = buffer.bytes.getLong(last + COOKIE_AT);
          use(directory, end);
        }
        wants = leftOut <= part.leftOutMax;
      } while (end != null && wants && names < part.names && isFresh(wanted));
      if (!wants) {
        end = null;
      }
    } finally {
      buffer.free();
    }
    wanted.listener().fetched(end, endCookie);
  }

  private static boolean isBefore(ByteBuffer records, int at, byte[] name) {
    return Arrays.compareUnsigned(nameAt(records, at), name) < 0;
  }

  private static byte[] nameAt(ByteBuffer records, int at) {
    int end = at + NAME_AT;
    while (records.get(end) != 0) {
      end++;
    }
    byte[] name = new byte[end - at - NAME_AT];
    records.get(at + NAME_AT, name);
    return name;
  }

  /**
   * The kernel goes on to ask for what names lead to (READDIRPLUS_AUTO) only if such names are
   * used: walking to one is enough, and mostly no request.
   */
  private static void use(int directory, byte[] name) {
    int flags = LinuxCalls.O_CLOEXEC | LinuxCalls.O_PATH | LinuxCalls.O_NOFOLLOW;
    int fd = LinuxCalls.LIBC.openat(directory, Arrays.copyOf(name, name.length + 1), flags);
    if (fd >= 0) {
      LinuxCalls.LIBC.close(fd);
    }
  }

  /**
   * Where a file is, as stat(2) tells by st_dev; a number that only says whether it is the same.
   */
  private static long device(int fd, byte[] path) {
    byte[] status = new byte[STATUS_BYTES];
    if (LinuxCalls.LIBC.statx(fd, path, STATUS_FLAGS, 0, status) != 0) {
      return NO_DEVICE;
    }
    return ByteBuffer.wrap(status).getLong(DEVICE_AT);
  }
}
