package dev.firn.pack;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;

/** What of a file is behind an offset, without moving the file's own position. For one thread. */
final class ChannelPart implements ReadableByteChannel {
  private final FileChannel channel;
  private long offset;

  ChannelPart(FileChannel channel, long offset) {
    this.channel = channel;
    this.offset = offset;
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    int count = channel.read(target, offset);
    offset += Math.max(count, 0);
    return count;
  }

  @Override
  public boolean isOpen() {
    return channel.isOpen();
  }

  /** The file is its owner's to close. */
  @Override
  public void close() {}
}
