package dev.firn.pack;

import dev.firn.base.DaemonThreads;
import dev.firn.store.VectoredFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.CRC32C;

/**
 * A new file that is read back from the disk and compared, by a thread of its own, while the rest
 * is still being written. Neither leaves anything in the system's cache: a package is larger than
 * what is worth keeping there, and what the cache has would tell nothing of the disk. For one
 * thread.
 */
final class VerifiedOutput extends OutputStream {
  private static final int CHUNK_BYTES = 1 << 20;
  private static final int WINDOW_BYTES = 16 << 20;

  /** Windows that are given time to reach the disk before somebody waits for them. */
  private static final int WINDOWS_BEHIND = 3;

  /**
   * @param checksum of what was written there
   */
  private record Window(long offset, int length, long checksum) {}

  private final VectoredFile written;
  private final Path file;
  private final ExecutorService verifier =
      Executors.newSingleThreadExecutor(DaemonThreads.named("firn-verify"));
  private final Deque<Window> behind = new ArrayDeque<>();
  private final Deque<Future<?>> verifying = new ArrayDeque<>();
  private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);

  /** Of the verifying thread. */
  private final ByteBuffer readBack = ByteBuffer.allocateDirect(CHUNK_BYTES);

  private final CRC32C checksum = new CRC32C();
  private long windowOffset;
  private int windowLength;

  /**
   * @param partial the file to write, which is there and empty
   * @param file what users know it by
   */
  VerifiedOutput(Path partial, Path file) throws IOException {
    this.written = new VectoredFile(partial);
    this.file = file;
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    for (int done = 0; done < length; ) {
      int count = Math.min(length - done, chunk.remaining());
      chunk.put(bytes, from + done, count);
      done += count;
      if (!chunk.hasRemaining()) {
        writeChunk();
      }
    }
  }

  private void writeChunk() throws IOException {
    chunk.flip();
    int length = chunk.remaining();
    checksum.update(chunk.duplicate());
    written.write(windowOffset + windowLength, chunk);
    chunk.clear();
    windowLength += length;
    if (windowLength == WINDOW_BYTES) {
      closeWindow();
    }
  }

  private void closeWindow() throws IOException {
    behind.add(new Window(windowOffset, windowLength, checksum.getValue()));
    windowOffset += windowLength;
    windowLength = 0;
    checksum.reset();
    if (behind.size() > WINDOWS_BEHIND) {
      verifyNext();
    }
    while (!verifying.isEmpty() && verifying.element().isDone()) {
      Workers.await(verifying.remove());
    }
  }

  private void verifyNext() {
    Window next = behind.remove();
    verifying.add(
        verifier.submit(
            () -> {
              verify(next);
              return null;
            }));
  }

  /** Reads back what the disk has. */
  private void verify(Window window) throws IOException {
    written.settle(window.offset(), window.length());
    CRC32C found = new CRC32C();
    for (int done = 0; done < window.length(); done += readBack.position()) {
      readBack.clear().limit(Math.min(CHUNK_BYTES, window.length() - done));
      if (written.readUncached(window.offset() + done, readBack) == 0) {
        break;
      }
      found.update(readBack.duplicate().flip());
    }
    if (found.getValue() != window.checksum()) {
      throw ReadBack.differs(file);
    }
  }

  /**
   * Makes all that was written durable, and returns when all of it was verified.
   *
   * @param channel of the same file
   */
  void finish(FileChannel channel) throws IOException {
    if (chunk.position() > 0) {
      writeChunk();
    }
    if (windowLength > 0) {
      closeWindow();
    }
    while (!behind.isEmpty()) {
      verifyNext();
    }
    channel.force(true);
    while (!verifying.isEmpty()) {
      Workers.await(verifying.remove());
    }
  }

  @Override
  public void close() {
    verifier.shutdownNow();
    // What is still being read holds the descriptor until it has been.
    written.close();
  }
}
