package dev.firn.pack;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A temporary file that has lost its name, so that not even a crash leaves it behind. Written at
 * its end by one thread, read at any offset.
 */
final class Spool implements Closeable {
  private static final int COPY_BYTES = 1 << 20;

  private final FileChannel channel;
  private long sizeBytes;

  /** Makes a spool on the disk that {@code directory} is on; makes the directory, too. */
  Spool(Path directory) throws IOException {
    Files.createDirectories(directory);
    Path file = Files.createTempFile(directory, ".firn-", ".spool");
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } finally {
      Files.delete(file);
    }
  }

  /** Appends, and answers the offset at which the bytes begin. */
  long append(byte[] bytes, int length) throws IOException {
    long offset = sizeBytes;
    ByteBuffer source = ByteBuffer.wrap(bytes, 0, length);
    while (source.hasRemaining()) {
      sizeBytes += channel.write(source, sizeBytes);
    }
    return offset;
  }

  byte[] read(long offset, int length) throws IOException {
    ByteBuffer target = ByteBuffer.allocate(length);
    while (target.hasRemaining()) {
      if (channel.read(target, offset + target.position()) < 0) {
        throw new EOFException("a temporary file has become shorter");
      }
    }
    return target.array();
  }

  /** The file, for whoever reads it in another way. */
  FileChannel channel() {
    return channel;
  }

  void copyTo(long offset, long length, OutputStream target) throws IOException {
    for (long done = 0; done < length; ) {
      int count = (int) Math.min(COPY_BYTES, length - done);
      target.write(read(offset + done, count));
      done += count;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
