package dev.firn.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A segment's open file, and descriptors for long pieces and for scattered ones once needed. */
final class SegmentFile implements Closeable {
  private final Path path;
  private final FileChannel channel;

  // Guarded by this.
  private VectoredFile vectored;
  private VectoredFile scattered;
  private boolean closed;

  private SegmentFile(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  static SegmentFile open(Path path, OpenOption... more) throws IOException {
    OpenOption[] options = new OpenOption[more.length + 2];
    options[0] = StandardOpenOption.READ;
    options[1] = StandardOpenOption.WRITE;
    System.arraycopy(more, 0, options, 2, more.length);
    return new SegmentFile(path, FileChannel.open(path, options));
  }

  FileChannel channel() {
    return channel;
  }

  /**
   * For long writes, and reads of several pieces.
   *
   * @throws ClosedChannelException if the file is closed
   */
  synchronized VectoredFile vectored() throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
    if (vectored == null) {
      vectored = new VectoredFile(path);
    }
    return vectored;
  }

  /**
   * For short reads.
   *
   * @throws ClosedChannelException if the file is closed
   */
  synchronized VectoredFile scattered() throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
    if (scattered == null) {
      scattered = VectoredFile.openToReadScattered(path);
    }
    return scattered;
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    try {
      channel.close();
    } finally {
      if (vectored != null) {
        vectored.close();
      }
      if (scattered != null) {
        scattered.close();
      }
    }
  }
}
