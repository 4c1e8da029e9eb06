package dev.firn.pack;

import dev.firn.store.VectoredFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file that is read once, from its beginning to its end, so that the system's cache need not keep
 * what it did not have already. For one thread.
 */
public final class UncachedInput extends InputStream {
  private static final int BUFFER_BYTES = 1 << 20;

  private final VectoredFile file;
  private final long sizeBytes;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).limit(0);

  /** Where the next bytes for the buffer are. */
  private long offset;

  private UncachedInput(VectoredFile file, long sizeBytes) {
    this.file = file;
    this.sizeBytes = sizeBytes;
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
  public long skip(long count) {
    int inBuffer = buffer.remaining();
    long skipped = Math.max(0, Math.min(count, sizeBytes - offset + inBuffer));
    int fromBuffer = (int) Math.min(skipped, inBuffer);
    buffer.position(buffer.position() + fromBuffer);
    offset += skipped - fromBuffer;
    return skipped;
  }

  /** False at the end. */
  private boolean fill() throws IOException {
    if (!buffer.hasRemaining()) {
      buffer.clear();
      offset += file.readUncached(offset, buffer);
      buffer.flip();
    }
    return buffer.hasRemaining();
  }

  @Override
  public void close() {
    file.close();
  }
}
