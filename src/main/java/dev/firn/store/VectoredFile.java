package dev.firn.store;

import com.kenai.jffi.MemoryIO;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import jnr.constants.platform.Errno;

/**
 * A descriptor by which many pieces of native memory are written or read in one call, without being
 * copied together. Of what is written the disk is told at once, nobody waits for it, and the
 * system's cache does not keep it (RWF_DONTCACHE, Linux 6.14); where the system has no such thing,
 * it is asked to write it soon. Reading can leave the cache as it is, too. Safe for concurrent use.
 *
 * <p>Invariant: the descriptor is closed when no call uses it, and not before: its number could be
 * another file's by then.
 */
public final class VectoredFile implements Closeable {
  /** In such units the system's cache keeps what was written, and disks write. */
  static final int BLOCK_BYTES = 4096;

  /** From here on a write is worth a way of its own, and whole blocks. */
  static final int LONG_BYTES_MIN = 64 << 10;

  /** From here on a piece of its own costs less than a copy. */
  static final int PIECE_BYTES_MIN = 16 << 10;

  /** The most pieces of one call. */
  static final int PIECES_MAX = 256;

  private static final int RWF_DONTCACHE = 0x80;
  private static final int SYNC_FILE_RANGE_WRITE = 2;

  /** SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER. */
  private static final int SYNC_FILE_RANGE_ALL = 7;

  /** A struct iovec: u64 address, u64 length. */
  private static final int VECTOR_BYTES = 16;

  private static final MemoryIO MEMORY = MemoryIO.getInstance();

  private static final ThreadLocal<ByteBuffer> VECTORS =
      ThreadLocal.withInitial(
          () ->
              ByteBuffer.allocateDirect(PIECES_MAX * VECTOR_BYTES).order(ByteOrder.nativeOrder()));

  private final Path path;
  private final int fd;

  private final Uncached uncachedWrite = new Uncached(NativeFiles.LIBC::pwritev2);
  private final Uncached uncachedRead = new Uncached(NativeFiles.LIBC::preadv2);

  // Guarded by this.
  private int uses;
  private boolean closed;

  /** Opens a file that is there. */
  public VectoredFile(Path path) throws IOException {
    this(path, NativeFiles.open(path));
  }

  private VectoredFile(Path path, int fd) {
    this.path = path;
    this.fd = fd;
  }

  /** Opens a file that nothing will be written to. */
  public static VectoredFile openToRead(Path path) throws IOException {
    return new VectoredFile(path, NativeFiles.openToRead(path));
  }

  /**
   * Opens a file to read short pieces of it here and there. Where some were read before, the system
   * would take their neighbours for the trace of somebody who reads on, and fetch more.
   */
  static VectoredFile openToReadScattered(Path path) throws IOException {
    return new VectoredFile(path, NativeFiles.openToReadScattered(path));
  }

  /**
   * Writes all bytes from position to limit of native buffers, one behind the other.
   *
   * @throws ClosedChannelException if the file is closed
   */
  public void write(long offset, ByteBuffer... sources) throws IOException {
    begin();
    try {
      long end = transfer(offset, sources, uncachedWrite);
      for (ByteBuffer source : sources) {
        if (source.hasRemaining()) {
          throw new IOException(path + ": the system wrote nothing of what is left, and no error");
        }
      }
      if (uncachedWrite.refused) {
        // Whether that succeeds is no matter of being right: force tells of errors.
        NativeFiles.LIBC.sync_file_range(fd, offset, end - offset, SYNC_FILE_RANGE_WRITE);
      }
    } finally {
      end();
    }
  }

  /**
   * Fills native buffers from position to limit, one behind the other.
   *
   * @return the bytes read, fewer only at the end of the file
   * @throws ClosedChannelException if the file is closed
   */
  int read(long offset, ByteBuffer... targets) throws IOException {
    return read(offset, targets, this::readSome);
  }

  /** As {@link #read}, but the system's cache does not keep what it did not have before. */
  public int readUncached(long offset, ByteBuffer... targets) throws IOException {
    return read(offset, targets, uncachedRead);
  }

  private int read(long offset, ByteBuffer[] targets, Transfer call) throws IOException {
    begin();
    try {
      return (int) (transfer(offset, targets, call) - offset);
    } finally {
      end();
    }
  }

  /**
   * Waits until the disk has what was written to a range, where the system can say that. It makes
   * nothing durable, and a force tells of errors.
   */
  public void settle(long offset, long length) throws IOException {
    begin();
    try {
      NativeFiles.LIBC.sync_file_range(fd, offset, length, SYNC_FILE_RANGE_ALL);
    } finally {
      end();
    }
  }

  /** A call that transfers some bytes at least; 0 at the end of the file, less for an error. */
  private interface Transfer {
    long some(long vectors, int count, long offset);
  }

  /** pwritev2(2) or preadv2(2). */
  private interface SystemCall {
    long invoke(int fd, long vectors, int count, long offset, int flags);
  }

  /** Goes past the system's cache, until the system says that it cannot. */
  private final class Uncached implements Transfer {
    private final SystemCall call;
    private volatile boolean refused;

    Uncached(SystemCall call) {
      this.call = call;
    }

    @Override
    public long some(long vectors, int count, long offset) {
      if (!refused) {
        long bytes = call.invoke(fd, vectors, count, offset, RWF_DONTCACHE);
        if (bytes >= 0 || !refusesFlag(NativeFiles.lastError())) {
          return bytes;
        }
        // Others may be told the same at this moment.
        refused = true;
      }
      return call.invoke(fd, vectors, count, offset, 0);
    }
  }

  private static boolean refusesFlag(Errno error) {
    return NativeFiles.isUnsupported(error) || error == Errno.EINVAL;
  }

  private long readSome(long vectors, int count, long offset) {
    return NativeFiles.LIBC.preadv(fd, vectors, count, offset);
  }

  /** Answers the offset that it came to. */
  private long transfer(long offset, ByteBuffer[] pieces, Transfer call) throws IOException {
    assert pieces.length <= PIECES_MAX;
    ByteBuffer vectors = VECTORS.get();
    long vectorsAddress = MEMORY.getDirectBufferAddress(vectors);
    long at = offset;
    int first = 0;
    while (first < pieces.length) {
      int count = fill(vectors, pieces, first);
      long some = call.some(vectorsAddress, count, at);
      if (some == 0) {
        break;
      }
      if (some < 0) {
        requireAnotherTry(NativeFiles.lastError());
      } else {
        at += some;
        first = skip(pieces, first, some);
      }
    }
    return at;
  }

  private static int fill(ByteBuffer vectors, ByteBuffer[] pieces, int first) {
    vectors.clear();
    for (int i = first; i < pieces.length; i++) {
      ByteBuffer piece = pieces[i];
      vectors
          .putLong(MEMORY.getDirectBufferAddress(piece) + piece.position())
          .putLong(piece.remaining());
    }
    return pieces.length - first;
  }

  /** Moves on behind what was transferred; answers the first piece that has bytes left. */
  private static int skip(ByteBuffer[] pieces, int first, long transferred) {
    long left = transferred;
    int next = first;
    while (next < pieces.length && left >= pieces[next].remaining()) {
      left -= pieces[next].remaining();
      pieces[next].position(pieces[next].limit());
      next++;
    }
    if (left > 0) {
      pieces[next].position(pieces[next].position() + (int) left);
    }
    return next;
  }

  private void requireAnotherTry(Errno error) throws IOException {
    if (error != Errno.EINTR) {
      throw NativeFiles.failed(path, error);
    }
  }

  private synchronized void begin() throws ClosedChannelException {
    if (closed) {
      throw new ClosedChannelException();
    }
    uses++;
  }

  private synchronized void end() {
    uses--;
    closeUnused();
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      closeUnused();
    }
  }

  private void closeUnused() {
    if (closed && uses == 0) {
      // What had to be durable was forced by the channel.
      NativeFiles.LIBC.close(fd);
    }
  }
}
