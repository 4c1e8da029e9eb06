package dev.firn.fuse.kernel;

import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Requests about the bytes of files and about open files. */
final class FileRequests {
  private static final int ACCESS_MODE = 3;
  private static final int O_TRUNC = 01000;

  /** In an OPEN or CREATE request: take away set-user-ID and the like. */
  private static final int OPEN_KILL_PRIVILEGES = 1;

  /** In a WRITE request: changed pages, whose writer got its answer long ago. */
  private static final int WRITE_CACHE = 1;

  /** In a WRITE request: take away set-user-ID and the like. */
  private static final int WRITE_KILL_PRIVILEGES = 1 << 2;

  /** In the answer to OPEN: direct writes of several threads need not wait for each other. */
  private static final int PARALLEL_DIRECT_WRITES = 1 << 6;

  private static final int WRITE_DATA_AT = 40;
  private static final int SEEK_HOLE = 4;

  /** The answer to COPY_FILE_RANGE counts in 32 bits; whole blocks, so that sharing goes on. */
  private static final long COPY_BYTES_MAX = Integer.MAX_VALUE & -Structures.BLOCK_BYTES;

  private final FileSystem fileSystem;
  private final NameRequests names;
  private final OpenForWriting openForWriting;
  private final Notifier notifier;
  private final FetchAhead fetchAhead;

  FileRequests(
      FileSystem fileSystem,
      NameRequests names,
      OpenForWriting openForWriting,
      Notifier notifier,
      FetchAhead fetchAhead) {
    this.fileSystem = fileSystem;
    this.names = names;
    this.openForWriting = openForWriting;
    this.notifier = notifier;
    this.fetchAhead = fetchAhead;
  }

  /** u32 flags of open(2), u32 flags of the protocol. */
  int open(Request request) throws IOException {
    long inode = request.node();
    int flags = request.intAt(0);
    long handle = open(inode, flags);
    boolean opened = false;
    try {
      if ((request.intAt(4) & OPEN_KILL_PRIVILEGES) != 0) {
        dropPrivileges(inode);
      }
      if ((flags & O_TRUNC) != 0) {
        fileSystem.setAttributes(inode, SetAttributes.size(0));
      }
      opened = true;
    } finally {
      if (!opened) {
        close(inode, flags, handle);
      }
    }
    return opened(request, 0, handle);
  }

  /** u32 flags of open(2), u32 mode, u32 umask, u32 flags of the protocol, name. */
  int create(Request request) throws IOException {
    Attributes made = names.create(request, request.intAt(4), request.intAt(8), request.nameAt(16));
    return openNew(request, made);
  }

  /** As {@link #create}; the name means nothing. */
  int createTemporary(Request request) throws IOException {
    return openNew(request, names.makeTemporary(request, request.intAt(4), request.intAt(8)));
  }

  private int openNew(Request request, Attributes made) throws IOException {
    long handle;
    try {
      handle = open(made.inode(), request.intAt(0));
    } catch (IOException | RuntimeException e) {
      fileSystem.forget(made.inode(), 1);
      throw e;
    }
    int entryBytes = Structures.entry(request, 0, fileSystem, request.node(), made);
    return entryBytes + opened(request, entryBytes, handle);
  }

  private long open(long inode, int flags) throws IOException {
    boolean writing = isForWriting(flags);
    long handle = fileSystem.open(inode, writing || (flags & O_TRUNC) != 0);
    if (writing) {
      openForWriting.opened(inode);
    }
    return handle;
  }

  private void close(long inode, int flags, long handle) throws IOException {
    if (isForWriting(flags)) {
      openForWriting.released(inode);
    }
    fileSystem.release(handle);
  }

  private static boolean isForWriting(int flags) {
    return (flags & ACCESS_MODE) != 0;
  }

  private static int opened(Request request, int at, long handle) {
    int flags = Structures.OPEN_KEEP_CACHE | PARALLEL_DIRECT_WRITES;
    return Structures.open(request, at, handle, flags);
  }

  /** u64 handle, u32 flags of open(2). */
  int release(Request request) throws IOException {
    close(request.node(), request.intAt(8), request.longAt(0));
    return 0;
  }

  /** Whether a READ or WRITE goes past the kernel's cache. */
  static boolean isDirect(Request request) {
    return (request.intAt(32) & LinuxCalls.O_DIRECT) != 0;
  }

  /** u64 handle, u64 offset, u32 size, u32 flags, u64 owner, u32 flags of open(2). */
  int read(Request request) throws IOException {
    long offset = request.longAt(8);
    int count = Math.min(request.intAt(16), request.bodyBytesMax());
    boolean cached = !isDirect(request);
    long begunNanos = cached ? System.nanoTime() : 0;
    int length = fileSystem.read(request.node(), offset, request.body(count));
    if (cached) {
      fetchAhead.read(request.node(), offset, count, System.nanoTime() - begunNanos);
    }
    return length;
  }

  /** As {@link #read}; the bytes at 40. */
  int write(Request request) throws IOException {
    int count = request.intAt(16);
    int flags = request.intAt(20);
    ByteBuffer bytes = request.payloadAt(WRITE_DATA_AT, count);
    if ((flags & WRITE_KILL_PRIVILEGES) != 0) {
      dropPrivileges(request.node());
    }
    boolean written = false;
    try {
      fileSystem.write(request.node(), request.longAt(8), bytes);
      written = true;
    } finally {
      if (!written && (flags & WRITE_CACHE) != 0) {
        notifier.writeBackFailed();
      }
    }
    return counted(request, count);
  }

  private static int counted(Request request, int count) {
    request.putInt(0, count).putInt(4, 0);
    return Long.BYTES;
  }

  int fsync(Request request) throws IOException {
    fileSystem.sync(request.node());
    return 0;
  }

  int syncfs(Request request) throws IOException {
    fileSystem.syncAll();
    return 0;
  }

  /** u64 handle, u64 offset, u64 length, u32 mode. */
  int fallocate(Request request) throws IOException {
    changedBy(request, request.node());
    fileSystem.allocate(request.node(), request.intAt(24), request.longAt(8), request.longAt(16));
    return 0;
  }

  /** The answers to these requests bring no attributes, and the kernel has the old mode cached. */
  private void dropPrivileges(long inode) throws IOException {
    if (fileSystem.dropPrivileges(inode)) {
      notifier.attributesChanged(inode);
    }
  }

  /**
   * For these two requests the kernel does not say whether set-user-ID and the like must go, as it
   * does for writes. Root may keep them.
   */
  private void changedBy(Request request, long inode) throws IOException {
    if (request.uid() != 0) {
      dropPrivileges(inode);
    }
  }

  /**
   * u64 handle, u64 offset, u32 whence: SEEK_DATA or SEEK_HOLE; others the kernel does. It does not
   * bring changed pages back for this, so we ask for them.
   */
  int lseek(Request request) throws IOException {
    long inode = request.node();
    if (request.writesBackFirst()) {
      notifier.writeBack(inode);
    }
    boolean hole = request.intAt(16) == SEEK_HOLE;
    request.putLong(0, fileSystem.seek(inode, request.longAt(8), hole));
    return Long.BYTES;
  }

  int copyFileRange(Request request) throws IOException {
    return counted(request, (int) copy(request, COPY_BYTES_MAX));
  }

  /** With an answer of 64 bits. */
  int copyFileRange64(Request request) throws IOException {
    request.putLong(0, copy(request, Long.MAX_VALUE));
    return Long.BYTES;
  }

  /** u64 handle, u64 offset, u64 target, u64 its handle, u64 its offset, u64 length, u64 flags. */
  private long copy(Request request, long bytesMax) throws IOException {
    changedBy(request, request.longAt(16));
    return fileSystem.copyRange(
        request.node(),
        request.longAt(8),
        request.longAt(16),
        request.longAt(32),
        Math.min(request.longAt(40), bytesMax));
  }
}
