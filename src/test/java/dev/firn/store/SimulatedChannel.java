package dev.firn.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** An open file or directory of {@link SimulatedFiles}. */
final class SimulatedChannel extends FileChannel {
  private final SimulatedDisk disk;
  private final String name;
  private long position;

  SimulatedChannel(SimulatedDisk disk, String name) {
    this.disk = disk;
    this.name = name;
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    int count = read(target, position);
    position += Math.max(0, count);
    return count;
  }

  @Override
  public int read(ByteBuffer target, long at) throws IOException {
    int count = disk.read(name, at, target);
    return count == 0 && target.hasRemaining() ? -1 : count;
  }

  @Override
  public int write(ByteBuffer source, long at) throws IOException {
    int length = source.remaining();
    disk.write(name, at, source);
    return length;
  }

  @Override
  public void force(boolean metaData) throws IOException {
    if (disk.exists(name)) {
      disk.force(name, false);
    } else {
      disk.forceDirectory(name);
    }
  }

  @Override
  public long size() throws IOException {
    return disk.lengthBytes(name);
  }

  @Override
  protected void implCloseChannel() {
    // Nothing to let go of.
  }

  @Override
  public int write(ByteBuffer source) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long read(ByteBuffer[] targets, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public FileChannel position(long newPosition) {
    position = newPosition;
    return this;
  }

  @Override
  public FileChannel truncate(long size) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long transferTo(long from, long count, WritableByteChannel target) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long transferFrom(ReadableByteChannel source, long to, long count) {
    throw new UnsupportedOperationException();
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long from, long size) {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileLock lock(long from, long size, boolean shared) {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileLock tryLock(long from, long size, boolean shared) {
    throw new UnsupportedOperationException();
  }
}
