package dev.firn.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Segments in memory, with the faults that disks have.
 *
 * <p>Fault model: what was forced survives a crash. Of what was not, each write survives whole, not
 * at all, or torn: any of its sectors of 512 bytes, in no particular order; and a segment that was
 * never forced may be missing. A write or force can be told to fail; a failed write may have left
 * any of its sectors. So may one for which the disk was full, which others can follow. Bits do not
 * flip by themselves.
 */
public final class SimulatedStore implements SegmentStore {
  private static final int SECTOR_BYTES = 512;

  private record Write(long offset, byte[] bytes) {}

  private static final class Segment {
    private byte[] current = new byte[0];
    private byte[] durable = new byte[0];
    private boolean everForced;
    private final List<Write> unforced = new ArrayList<>();
  }

  private final Map<Long, Segment> segments = new TreeMap<>();
  private long operationsUntilFailure = Long.MAX_VALUE;
  private Random fullness;
  private int fullOneIn;

  /** Lets the write or force after {@code operations} more of them, and all later ones, fail. */
  public synchronized void failAfter(long operations) {
    operationsUntilFailure = operations;
  }

  /** Lets writes and new segments find the disk full, one in so many; 0 for none. */
  public synchronized void fullSometimes(Random random, int oneIn) {
    fullness = random;
    fullOneIn = oneIn;
  }

  private boolean isFull() {
    return fullOneIn > 0 && fullness.nextInt(fullOneIn) == 0;
  }

  private static IOException full() {
    return new IOException("No space left on device");
  }

  /** What the disk may hold if the power went out now. */
  public synchronized SimulatedStore crash(Random random) {
    SimulatedStore after = new SimulatedStore();
    segments.forEach(
        (id, segment) -> {
          if (!segment.everForced && random.nextInt(4) == 0) {
            return;
          }
          Segment copy = new Segment();
          copy.durable = segment.durable.clone();
          for (Write write : segment.unforced) {
            int fate = random.nextInt(4);
            if (fate > 1) {
              copy.durable = apply(copy.durable, write, fate == 2 ? random : null);
            }
          }
          copy.current = copy.durable.clone();
          copy.everForced = true;
          after.segments.put(id, copy);
        });
    return after;
  }

  /** Applies a write; with a random generator only some of its sectors. */
  private static byte[] apply(byte[] content, Write write, Random tear) {
    byte[] result = content;
    for (int from = 0; from < write.bytes().length; ) {
      long at = write.offset() + from;
      int sectorEnd = (int) (SECTOR_BYTES - at % SECTOR_BYTES);
      int length = Math.min(sectorEnd, write.bytes().length - from);
      if (tear == null || tear.nextBoolean()) {
        int end = (int) (at + length);
        if (result.length < end) {
          result = Arrays.copyOf(result, end);
        } else if (result == content) {
          result = content.clone();
        }
        System.arraycopy(write.bytes(), from, result, (int) at, length);
      }
      from += length;
    }
    return result;
  }

  private void spend() throws IOException {
    if (operationsUntilFailure-- <= 0) {
      operationsUntilFailure = 0;
      throw new IOException("simulated I/O error");
    }
  }

  private Segment segment(long id) throws IOException {
    Segment segment = segments.get(id);
    if (segment == null) {
      throw new NoSuchFileException("segment " + Long.toHexString(id));
    }
    return segment;
  }

  @Override
  public synchronized void create(long id, String placement) throws IOException {
    spend();
    if (isFull()) {
      throw full();
    }
    if (segments.putIfAbsent(id, new Segment()) != null) {
      throw new IOException("segment " + Long.toHexString(id) + " is there already");
    }
  }

  @Override
  public synchronized void write(long id, long offset, ByteBuffer source) throws IOException {
    Segment segment = segment(id);
    byte[] bytes = new byte[source.remaining()];
    source.get(bytes);
    Write write = new Write(offset, bytes);
    if (isFull()) {
      // Any of its sectors is there, and survives or does not.
      byte[] before = segment.current;
      segment.current = apply(before, write, fullness);
      segment.unforced.add(write);
      throw full();
    }
    segment.unforced.add(write);
    segment.current = apply(segment.current, write, null);
    spend();
  }

  @Override
  public synchronized void prepare(long id, long offset, int length) throws IOException {
    write(id, offset, ByteBuffer.allocate(length));
  }

  @Override
  public synchronized int read(long id, long offset, ByteBuffer target) throws IOException {
    byte[] content = segment(id).current;
    int length = (int) Math.max(0, Math.min(target.remaining(), content.length - offset));
    target.put(content, (int) offset, length);
    return length;
  }

  @Override
  public synchronized void force(long id) throws IOException {
    spend();
    Segment segment = segment(id);
    segment.durable = segment.current.clone();
    segment.unforced.clear();
    segment.everForced = true;
  }

  @Override
  public synchronized long length(long id) throws IOException {
    return segment(id).current.length;
  }

  @Override
  public synchronized boolean exists(long id) {
    return segments.containsKey(id);
  }

  @Override
  public synchronized List<Long> list() {
    return new ArrayList<>(segments.keySet());
  }

  /** At once and for good, which is the worst that can happen to bytes that are still needed. */
  @Override
  public synchronized long punch(long id, long from, long to) throws IOException {
    spend();
    Segment segment = segment(id);
    Write hole = new Write(from, new byte[(int) (Math.min(to, segment.current.length) - from)]);
    segment.unforced.add(hole);
    segment.current = apply(segment.current, hole, null);
    if (from < segment.durable.length) {
      int end = (int) Math.min(to, segment.durable.length);
      segment.durable = segment.durable.clone();
      Arrays.fill(segment.durable, (int) from, end, (byte) 0);
    }
    return hole.bytes().length;
  }

  @Override
  public synchronized long allocatedBytes(long id, long from, long to) throws IOException {
    return Math.max(0, Math.min(to, segment(id).current.length) - from);
  }

  @Override
  public synchronized void delete(long id) {
    segments.remove(id);
  }

  @Override
  public long usableBytes(String placement) {
    return Long.MAX_VALUE / 4;
  }

  @Override
  public long totalBytes(String placement) {
    return Long.MAX_VALUE / 2;
  }

  @Override
  public void close() {
    // Nothing to let go of.
  }
}
