package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.Disk;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/** Copies the bytes of a block volume's disk: holes stay holes, and zeros become some. */
final class RawDisk {
  private static final int BUFFER_BYTES = 1 << 20;
  private static final int BLOCK_BYTES = 4096;
  private static final byte[] ZEROS = new byte[BUFFER_BYTES];

  private RawDisk() {}

  private static Attributes disk(FileSystem source) throws IOException {
    return source.lookup(FileSystem.ROOT_INODE, Disk.name());
  }

  private static FileReader reader(FileSystem source, Attributes disk) {
    FileReader reader = new FileReader(source, BUFFER_BYTES);
    reader.begin(disk.inode(), disk.sizeBytes(), BLOCK_BYTES);
    return reader;
  }

  /** Writes all of it, holes as zeros. */
  static void write(FileSystem source, OutputStream target, Progress progress) throws IOException {
    Attributes disk = disk(source);
    FileReader reader = reader(source, disk);
    long done = 0;
    while (reader.next()) {
      writeZeros(target, reader.offset() - done);
      target.write(reader.bytes(), 0, reader.length());
      progress.advance(reader.length());
      done = reader.offset() + reader.length();
    }
    writeZeros(target, disk.sizeBytes() - done);
  }

  private static void writeZeros(OutputStream target, long count) throws IOException {
    for (long left = count; left > 0; left -= Math.min(left, ZEROS.length)) {
      target.write(ZEROS, 0, (int) Math.min(left, ZEROS.length));
    }
  }

  /** Writes a file that is not there with the same holes, and reads it back from the disk. */
  static void writeFile(FileSystem source, Path file, Progress progress) throws IOException {
    Attributes disk = disk(source);
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      FileReader reader = reader(source, disk);
      while (reader.next()) {
        writeFully(channel, reader);
        progress.advance(reader.length());
      }
      setLength(channel, disk.sizeBytes());
      channel.force(true);
      compare(source, disk, channel, file);
    }
  }

  private static void writeFully(FileChannel channel, FileReader reader) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(reader.bytes(), 0, reader.length());
    while (bytes.hasRemaining()) {
      channel.write(bytes, reader.offset() + bytes.position());
    }
  }

  /** A byte that is written and taken away again leaves a hole. */
  private static void setLength(FileChannel channel, long sizeBytes) throws IOException {
    if (channel.size() < sizeBytes) {
      channel.write(ByteBuffer.allocate(1), sizeBytes);
      channel.truncate(sizeBytes);
    }
  }

  private static void compare(FileSystem source, Attributes disk, FileChannel channel, Path file)
      throws IOException {
    FileReader reader = reader(source, disk);
    ByteBuffer read = ByteBuffer.allocate(BUFFER_BYTES);
    while (reader.next()) {
      read.clear().limit(reader.length());
      while (read.hasRemaining() && channel.read(read, reader.offset() + read.position()) >= 0) {
        continue;
      }
      if (read.hasRemaining()
          || !Arrays.equals(reader.bytes(), 0, reader.length(), read.array(), 0, reader.length())) {
        throw ReadBack.differs(file);
      }
    }
  }

  /**
   * Writes a stream into a file of the target.
   *
   * @param bytesMax how many there may be
   * @param source what to call the stream in messages
   * @return how many there were
   */
  static long read(
      InputStream in,
      FileSystem target,
      long inode,
      long bytesMax,
      String source,
      Progress progress)
      throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    long offset = 0;
    while (true) {
      int count = in.readNBytes(buffer, 0, buffer.length);
      if (count == 0) {
        return offset;
      }
      if (offset + count > bytesMax) {
        throw FirnException.noSpace(
            "%s holds more than the %d bytes that the disk may have; give more with --size",
            source, bytesMax);
      }
      if (!Arrays.equals(buffer, 0, count, ZEROS, 0, count)) {
        target.write(inode, offset, ByteBuffer.wrap(buffer, 0, count));
      }
      offset += count;
      progress.advance(count);
    }
  }
}
