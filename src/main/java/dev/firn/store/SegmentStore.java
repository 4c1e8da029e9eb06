package dev.firn.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Where segments are kept: append-only files, or later objects. Ids are unique within a home.
 * Implementations are safe for concurrent use; callers never {@link #write} one range twice, but
 * for what a write has left that met a full disk.
 */
public interface SegmentStore extends Closeable {
  /** Makes an empty segment whose name survives a crash once the first {@link #force} returned. */
  void create(long segment, String placement) throws IOException;

  /**
   * Writes all of {@code sources}, one behind the other, from {@code offset} on; it may not survive
   * a crash before force. Long ones in native memory take a shorter way, best between multiples of
   * 4,096, and of 256 pieces at most. Nobody changes them meanwhile; their positions are anywhere
   * afterwards.
   */
  void write(long segment, long offset, ByteBuffer... sources) throws IOException;

  /** As {@link #write}, of bytes that will be read: they are in the system's cache afterwards. */
  default void writeCached(long segment, long offset, ByteBuffer... sources) throws IOException {
    write(segment, offset, sources);
  }

  /**
   * Writes zeros where nothing was written yet, so that a write there and the next {@link #force}
   * change nothing but bytes. They may not survive a crash before force.
   */
  void prepare(long segment, long offset, int length) throws IOException;

  /**
   * Fills {@code targets}, one behind the other, from {@code offset} on; answers the bytes read,
   * fewer only at the end. Several, 256 at most, are in native memory.
   */
  int read(long segment, long offset, ByteBuffer... targets) throws IOException;

  /** Makes all that was written to the segment survive a crash. */
  void force(long segment) throws IOException;

  /**
   * Makes what earlier processes wrote survive a crash, and lets reads answer what the disk has
   * from now on, rather than what the system still shows of writes that failed. For recovery, while
   * nobody writes.
   */
  void settle(long segment) throws IOException;

  /** Bytes up to the end of the last write. */
  long length(long segment) throws IOException;

  boolean exists(long segment);

  /** All segments' ids, ascending. */
  List<Long> list() throws IOException;

  /**
   * Gives the blocks of a range, which nothing refers to any more, back to the disk; what is read
   * there from then on is anything. Where the disk cannot do that, nothing happens.
   *
   * @return the bytes that the disk got back
   */
  long punch(long segment, long from, long to) throws IOException;

  /** How many bytes of a range the disk keeps blocks for. */
  long allocatedBytes(long segment, long from, long to) throws IOException;

  /** Removes a segment; removing one that is not there is no error. */
  void delete(long segment) throws IOException;

  /**
   * Has the disk keep blocks for this many bytes, always the same number, that nothing else can
   * take until {@link #giveUpReserve}. Doing it again is no error.
   *
   * @return false where the disk cannot do that
   * @throws NoSpaceException if it has no room for them: then it keeps none
   */
  boolean keepReserve(String placement, long bytes) throws IOException;

  /** Gives what {@link #keepReserve} has set aside to whoever writes next. */
  void giveUpReserve(String placement) throws IOException;

  /** Bytes that could still be written at this placement. */
  long usableBytes(String placement) throws IOException;

  /** Bytes that the whole disk at this placement has. */
  long totalBytes(String placement) throws IOException;
}
