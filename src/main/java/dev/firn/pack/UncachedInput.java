package dev.firn.pack;

import dev.firn.base.DaemonThreads;
import dev.firn.store.VectoredFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A file that is read once, from its beginning to its end, so that the system's cache need not keep
 * what it did not have already. The system does not read ahead then, so a thread does. Used by one
 * thread.
 *
 * <p>Invariant: the bytes in {@link #buffer} end at {@link #offset}, where those begin that are
 * read ahead, at most {@link #BUFFER_BYTES}.
 */
public final class UncachedInput extends InputStream {
  private static final int BUFFER_BYTES = 1 << 20;

  private final VectoredFile file;
  private final long sizeBytes;
  private final ExecutorService reader =
      Executors.newSingleThreadExecutor(DaemonThreads.named("firn-read"));

  private ByteBuffer buffer = emptyBuffer();
  private Future<ByteBuffer> ahead;
  private long offset;

  private UncachedInput(VectoredFile file, long sizeBytes) {
    this.file = file;
    this.sizeBytes = sizeBytes;
    this.ahead = read(emptyBuffer(), 0);
  }

  private static ByteBuffer emptyBuffer() {
    return ByteBuffer.allocateDirect(BUFFER_BYTES).limit(0);
  }

  /** Opens a file; what is none with offsets, such as a pipe, is read in the usual way. */
  public static InputStream open(Path path) throws IOException {
    // Also of a regular file, for the errors of opening it.
    InputStream plain = Files.newInputStream(path);
    if (!Files.isRegularFile(path)) {
      return plain;
    }
    plain.close();
    return new UncachedInput(VectoredFile.openToRead(path), Files.size(path));
  }

  @Override
  public int read() throws IOException {
    return fill() ? buffer.get() & 0xff : -1;
  }

  @Override
  public int read(byte[] target, int from, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int count = Math.min(length, buffer.remaining());
    buffer.get(target, from, count);
    return count;
  }

  @Override
  public long skip(long count) throws IOException {
    long from = offset - buffer.remaining();
    long to = from + Math.max(0, Math.min(count, sizeBytes - from));
    if (to > offset && to - offset <= BUFFER_BYTES) {
      advance();
    }
    if (to > offset) {
      ByteBuffer unused = Workers.await(ahead);
      buffer.position(buffer.limit());
      offset = to;
      ahead = read(unused, offset);
    } else {
      buffer.position(buffer.limit() - (int) (offset - to));
    }
    return to - from;
  }

  /** False at the end. */
  private boolean fill() throws IOException {
    if (!buffer.hasRemaining()) {
      advance();
    }
    return buffer.hasRemaining();
  }

  private void advance() throws IOException {
    ByteBuffer used = buffer;
    buffer = Workers.await(ahead);
    offset += buffer.remaining();
    ahead = read(used, offset);
  }

  private Future<ByteBuffer> read(ByteBuffer target, long from) {
    return reader.submit(
        () -> {
          target.clear();
          file.readUncached(from, target);
          return target.flip();
        });
  }

  @Override
  public void close() {
    reader.shutdown();
    file.close();
  }
}
