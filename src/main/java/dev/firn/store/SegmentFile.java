package dev.firn.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A segment's open file, and descriptors for long writes, for reads of several pieces and for
 * scattered ones once needed. A disk that the system has made read-only, as it does after errors,
 * still lets everything be read.
 */
final class SegmentFile implements Closeable {
  private final Path path;
  private final FileChannel channel;

  /** Why it cannot be written; null: it can. */
  private final IOException refusal;

  private final Descriptor vectored = new Descriptor(VectoredFile::new);
  private final Descriptor pieces = new Descriptor(VectoredFile::openToRead);
  private final Descriptor scattered = new Descriptor(VectoredFile::openToReadScattered);

  // Guarded by this.
  private int forces;
  private boolean closed;

  private SegmentFile(Path path, FileChannel channel, IOException refusal) {
    this.path = path;
    this.channel = channel;
    this.refusal = refusal;
  }

  static SegmentFile create(Path path) throws IOException {
    return new SegmentFile(
        path,
        FileChannel.open(
            path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
        null);
  }

  static SegmentFile open(Path path) throws IOException {
    try {
      return new SegmentFile(
          path, FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE), null);
    } catch (NoSuchFileException e) {
      throw e;
    } catch (FileSystemException e) {
      return new SegmentFile(path, FileChannel.open(path, StandardOpenOption.READ), e);
    }
  }

  /** For reading. */
  FileChannel channel() {
    return channel;
  }

  /**
   * For writing.
   *
   * @throws IOException if the file could be opened to read it alone
   */
  FileChannel writable() throws IOException {
    if (refusal != null) {
      throw new IOException(refusal.getMessage(), refusal);
    }
    return channel;
  }

  /**
   * Makes what was written survive a crash. Whoever closes the file meanwhile does not wait, but it
   * stays open until then: else an error of the disk would look like that, and another descriptor
   * would not tell it again.
   *
   * @throws ClosedChannelException if the file is closed
   */
  void force() throws IOException {
    FileChannel written = writable();
    synchronized (this) {
      if (closed) {
        throw new ClosedChannelException();
      }
      forces++;
    }
    try {
      written.force(false);
    } finally {
      endForce();
    }
  }

  private synchronized void endForce() throws IOException {
    forces--;
    closeUnused();
  }

  /**
   * For long writes.
   *
   * @throws ClosedChannelException if the file is closed
   */
  VectoredFile vectored() throws IOException {
    return vectored.get();
  }

  /**
   * For reads of several pieces.
   *
   * @throws ClosedChannelException if the file is closed
   */
  VectoredFile pieces() throws IOException {
    return pieces.get();
  }

  /**
   * For short reads.
   *
   * @throws ClosedChannelException if the file is closed
   */
  VectoredFile scattered() throws IOException {
    return scattered.get();
  }

  @Override
  public synchronized void close() throws IOException {
    if (!closed) {
      closed = true;
      closeUnused();
    }
  }

  private void closeUnused() throws IOException {
    if (!closed || forces > 0) {
      return;
    }
    try {
      channel.close();
    } finally {
      vectored.close();
      pieces.close();
      scattered.close();
    }
  }

  @FunctionalInterface
  private interface Opener {
    VectoredFile open(Path path) throws IOException;
  }

  /** A descriptor that is opened when it is first needed. Guarded by the segment's file. */
  private final class Descriptor {
    private final Opener opener;
    private VectoredFile file;

    Descriptor(Opener opener) {
      this.opener = opener;
    }

    VectoredFile get() throws IOException {
      synchronized (SegmentFile.this) {
        if (closed) {
          throw new ClosedChannelException();
        }
        if (file == null) {
          file = opener.open(path);
        }
        return file;
      }
    }

    void close() {
      if (file != null) {
        file.close();
      }
    }
  }
}
