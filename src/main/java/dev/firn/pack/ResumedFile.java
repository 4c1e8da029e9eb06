package dev.firn.pack;

import dev.firn.base.FirnException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Goes on with a file that has the beginning of what is written: that is compared, and the rest
 * appended. Nothing of the file is ever changed. For one thread.
 */
final class ResumedFile extends OutputStream {
  private final FileChannel channel;
  private final Path file;
  private final long thereBytes;
  private final CRC32C checksum = new CRC32C();
  private long offset;

  /**
   * @param channel for reading and writing; is not closed with this
   */
  ResumedFile(FileChannel channel, Path file) throws IOException {
    this.channel = channel;
    this.file = file;
    this.thereBytes = channel.size();
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    checksum.update(bytes, from, length);
    int there = (int) Math.max(0, Math.min(length, thereBytes - offset));
    if (there > 0) {
      ByteBuffer old = ByteBuffer.allocate(there);
      while (old.hasRemaining() && channel.read(old, offset + old.position()) >= 0) {
        // Until all of it is there.
      }
      int differs = Arrays.mismatch(old.array(), 0, old.position(), bytes, from, from + there);
      if (differs >= 0) {
        throw FirnException.conflict(
            "'%s' is not the beginning of this export: it differs at offset %d; name another file",
            file, offset + differs);
      }
    }
    ByteBuffer rest = ByteBuffer.wrap(bytes, from + there, length - there);
    offset += there;
    while (rest.hasRemaining()) {
      offset += channel.write(rest, offset);
    }
  }

  /** The checksum of all that was written or compared; CONFLICT if the file has more. */
  long finish() {
    if (offset < thereBytes) {
      throw FirnException.conflict(
          "'%s' is longer than this export, which has %d bytes; name another file", file, offset);
    }
    return checksum.getValue();
  }
}
