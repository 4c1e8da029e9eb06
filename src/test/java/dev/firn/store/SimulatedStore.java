package dev.firn.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;

/**
 * Segments as files of a {@link SimulatedDisk}, which states what can happen to them. Safe for
 * concurrent use.
 */
public final class SimulatedStore implements SegmentStore {
  private static final String PREFIX = "segments/";

  private final SimulatedDisk disk;

  SimulatedStore(SimulatedDisk disk) {
    this.disk = disk;
  }

  private static String name(long segment) {
    return String.format("%s%016x", PREFIX, segment);
  }

  @Override
  public void create(long segment, String placement) throws IOException {
    disk.create(name(segment));
  }

  @Override
  public void write(long segment, long offset, ByteBuffer... sources) throws IOException {
    int length = 0;
    for (ByteBuffer source : sources) {
      length += source.remaining();
    }
    ByteBuffer whole = ByteBuffer.allocate(length);
    for (ByteBuffer source : sources) {
      whole.put(source);
    }
    disk.write(name(segment), offset, whole.flip());
  }

  @Override
  public void prepare(long segment, long offset, int length) throws IOException {
    disk.prepare(name(segment), offset, length);
  }

  @Override
  public int read(long segment, long offset, ByteBuffer... targets) throws IOException {
    int count = 0;
    for (ByteBuffer target : targets) {
      count += disk.read(name(segment), offset + count, target);
    }
    return count;
  }

  @Override
  public void force(long segment) throws IOException {
    disk.force(name(segment), true);
  }

  @Override
  public void settle(long segment) throws IOException {
    force(segment);
    disk.dropCache(name(segment));
  }

  @Override
  public long length(long segment) throws IOException {
    return disk.lengthBytes(name(segment));
  }

  @Override
  public boolean exists(long segment) {
    return disk.exists(name(segment));
  }

  @Override
  public List<Long> list() {
    List<Long> segments = new ArrayList<>();
    for (String name : disk.list()) {
      if (name.startsWith(PREFIX)) {
        segments.add(Long.parseUnsignedLong(name.substring(PREFIX.length()), 16));
      }
    }
    return segments;
  }

  @Override
  public long punch(long segment, long from, long to) throws IOException {
    return disk.punch(name(segment), Math.toIntExact(from), Math.toIntExact(to));
  }

  @Override
  public long allocatedBytes(long segment, long from, long to) throws IOException {
    return disk.allocatedBytes(name(segment), from, to);
  }

  @Override
  public void delete(long segment) throws IOException {
    try {
      disk.delete(name(segment));
    } catch (NoSuchFileException e) {
      // Removing one that is not there is no error.
    }
  }

  @Override
  public boolean keepReserve(String placement, long bytes) throws IOException {
    return disk.keepReserve(bytes);
  }

  @Override
  public void giveUpReserve(String placement) {
    disk.giveUpReserve();
  }

  @Override
  public long usableBytes(String placement) {
    return Math.max(0, disk.capacityBytes() - disk.usedBytes());
  }

  @Override
  public long totalBytes(String placement) {
    return disk.capacityBytes();
  }

  @Override
  public void close() {
    // Nothing to let go of.
  }
}
