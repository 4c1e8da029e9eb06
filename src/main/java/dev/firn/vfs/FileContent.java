package dev.firn.vfs;

import dev.firn.map.MapEditor;
import dev.firn.map.MapView;
import dev.firn.map.VolumeMap;
import dev.firn.store.StoreFailedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Instant;
import java.util.List;

/** The bytes of a live volume's files. */
final class FileContent {
  /**
   * The largest file, as the kernel has it: all that its offsets can count. So a sum of offset and
   * length is a long wherever both lie in a file; {@link #requireRange} makes sure of that, and
   * what rounds up must not go beyond the file.
   */
  static final long SIZE_BYTES_MAX = Long.MAX_VALUE;

  /** More than fits into any volume, and so little that sums with it stay far below 2^63. */
  private static final long CHARGED_BYTES_MAX = 1L << 62;

  /** Shorter writes gather in a buffer. */
  private static final int DIRECT_WRITE_BYTES_MIN = 64 << 10;

  /** What one exclusive section works on at most. */
  static final int STEP_EXTENTS = 4096;

  private static final int KEEP_SIZE = 1;
  private static final int PUNCH_HOLE = 2;
  private static final int ZERO_RANGE = 16;

  private final Inodes inodes;
  private final VolumeMap map;
  private final Clock clock;

  FileContent(Inodes inodes, Clock clock) {
    this.inodes = inodes;
    this.map = inodes.map();
    this.clock = clock;
  }

  /** What a read needs from under the lock. */
  private record ReadPlan(
      int length, List<FileExtents.Slice> slices, byte[] overlay, int overlayIndex) {}

  int read(long number, long offset, ByteBuffer target) throws IOException {
    if (offset < 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    return map.holdingPlaces(() -> readHolding(number, offset, target));
  }

  private int readHolding(long number, long offset, ByteBuffer target) throws IOException {
    int wanted = target.remaining();
    ReadPlan plan = map.read(view -> planRead(view, number, offset, wanted));
    int base = target.position();
    FileReader.fill(
        map::readExtents,
        number,
        () -> PathFinder.textOf(map, number),
        plan.slices(),
        offset,
        plan.length(),
        target);
    if (plan.overlay() != null) {
      target.put(base + plan.overlayIndex(), plan.overlay(), 0, plan.overlay().length);
    }
    return plan.length();
  }

  private ReadPlan planRead(MapView view, long number, long offset, int wanted) throws IOException {
    Inode inode = inodes.require(view, number).requireRegular();
    int length = (int) Math.min(wanted, Math.max(0, inode.sizeBytes - offset));
    if (length == 0) {
      return new ReadPlan(0, List.of(), null, 0);
    }
    long end = offset + length;
    byte[] overlay = null;
    long overlayFrom = 0;
    WriteBuffer buffer = inode.buffer;
    if (buffer != null && buffer.start() < end && buffer.end() > offset) {
      overlayFrom = Math.max(offset, buffer.start());
      overlay = new byte[(int) (Math.min(end, buffer.end()) - overlayFrom)];
      buffer.copyTo(overlayFrom, overlay);
      if (overlay.length == length) {
        return new ReadPlan(length, List.of(), overlay, 0);
      }
    }
    List<FileExtents.Slice> slices =
        FileExtents.slices(view, number, offset, end, Integer.MAX_VALUE);
    return new ReadPlan(length, slices, overlay, (int) (overlayFrom - offset));
  }

  void write(long number, long offset, ByteBuffer source, PackedParts packed) throws IOException {
    int count = source.remaining();
    requireRange(offset, count);
    prepareWrite(number, offset, count);
    if (count == 0) {
      return;
    }
    inodes.requireDiskSpace(count);
    if (count >= DIRECT_WRITE_BYTES_MIN) {
      map.holdingPlaces(() -> writeDirectly(number, offset, source, packed));
      return;
    }
    ByteBuffer frame = packed.frame(0, count);
    if (frame != null) {
      writePacked(number, offset, source, frame);
    } else {
      writeBuffered(number, offset, source);
    }
  }

  /**
   * Throws ENOSPC where a write would end behind a disk's, as disks do. (Their sizes never become
   * less, so it need not be asked again.)
   */
  void requireWithin(Inode inode, long offset, long length) throws ErrnoException {
    if (inodes.isDisk() && length > inode.sizeBytes - offset) {
      throw new ErrnoException(Errno.ENOSPC);
    }
  }

  /** Loads what a write will need, so that the exclusive lock need not be held meanwhile. */
  private void prepareWrite(long number, long offset, int count) throws IOException {
    map.read(
        view -> {
          Inode inode = inodes.require(view, number).requireRegular();
          requireWithin(inode, offset, count);
          if (inode.buffer == null || !inode.buffer.accepts(offset)) {
            view.floor(Keys.extent(number, offset + count));
          }
          return null;
        });
  }

  private void writeBuffered(long number, long offset, ByteBuffer source) throws IOException {
    Instant now = clock.instant();
    inodes.edit(
        editor -> {
          Inode inode = inodes.load(editor, number).requireRegular();
          requireSpace(editor, inode, offset, source.remaining());
          long next = offset;
          while (source.hasRemaining()) {
            WriteBuffer buffer = inode.buffer;
            if (buffer == null || !buffer.accepts(next)) {
              buffer = inodes.openBuffer(editor, inode, next);
            }
            int before = source.remaining();
            buffer.write(next, source);
            next += before - source.remaining();
            if (buffer.isFull()) {
              inodes.closeBuffer(editor, inode);
            }
          }
          written(inode, next, now);
          return null;
        });
  }

  private Void writeDirectly(long number, long offset, ByteBuffer source, PackedParts packed)
      throws IOException {
    int count = source.remaining();
    requireRoom(number, offset, count);
    List<DataPutter.Run> runs;
    try {
      runs = inodes.putter().store(offset, source, packed);
    } catch (StoreFailedException e) {
      throw Inodes.readOnly(e);
    }
    source.position(source.limit());
    replace(number, offset, count, editor -> inodes.putter().put(editor, number, runs));
    return null;
  }

  /** Of bytes that are packed already there is nothing to gain from gathering more. */
  private void writePacked(long number, long offset, ByteBuffer source, ByteBuffer frame)
      throws IOException {
    byte[] bytes = new byte[source.remaining()];
    source.get(bytes);
    ByteBuffer ownFrame = ByteBuffer.allocate(frame.remaining()).put(frame.duplicate()).flip();
    replace(
        number,
        offset,
        bytes.length,
        editor -> inodes.putter().put(editor, number, offset, bytes, bytes.length, ownFrame));
  }

  /**
   * Puts bytes into the map in an edit of their own.
   *
   * @param put answers by how much the file's allocated bytes grew
   */
  private void replace(long number, long offset, int count, VolumeMap.EditAction<Long> put)
      throws IOException {
    Instant now = clock.instant();
    inodes.edit(
        editor -> {
          Inode inode = inodes.load(editor, number).requireRegular();
          requireSpace(editor, inode, offset, count);
          inodes.closeBuffer(editor, inode);
          long grown = put.run(editor);
          inode.allocatedBytes += grown;
          map.released(Math.max(0, count - grown));
          written(inode, offset + count, now);
          return null;
        });
  }

  /** Throws ENOSPC before bytes are stored that no edit would have room for. */
  private void requireRoom(long number, long offset, int count) throws IOException {
    boolean fits =
        map.read(
            view -> {
              Inode inode = inodes.require(view, number);
              return inodes.fits(growth(inode, count));
            });
    if (!fits) {
      inodes.edit(
          editor -> {
            Inode inode = inodes.load(editor, number).requireRegular();
            requireSpace(editor, inode, offset, count);
            return null;
          });
    }
  }

  /** Follows from data having been put into a file, in the running edit. */
  void written(Inode inode, long end, Instant now) {
    inode.sizeBytes = Math.max(inode.sizeBytes, end);
    inode.setContentTimes(now);
    inodes.changed(inode);
  }

  /** Throws ENOSPC unless data fits into a range, of which parts may be data already. */
  private void requireSpace(MapEditor editor, Inode inode, long offset, long length)
      throws IOException {
    if (inodes.fits(growth(inode, length))) {
      return;
    }
    long more = length - FileExtents.allocated(editor, inode.number, offset, offset + length);
    inodes.requireSpace(growth(inode, more));
  }

  private static long growth(Inode inode, long moreBytes) {
    return inode.chargeWith(Math.min(moreBytes, CHARGED_BYTES_MAX), 0, 0) - inode.chargedBytes;
  }

  void allocate(long number, int mode, long offset, long length) throws IOException {
    if (length <= 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    requireRange(offset, length);
    boolean punch = mode == (PUNCH_HOLE | KEEP_SIZE);
    boolean zero = (mode & ~KEEP_SIZE) == ZERO_RANGE;
    if (!punch && !zero && (mode & ~KEEP_SIZE) != 0) {
      throw new ErrnoException(Errno.EOPNOTSUPP);
    }
    long end = offset + length;
    boolean grow = (mode & KEEP_SIZE) == 0;
    boolean clear = punch || zero;
    for (long next = offset; next < end; ) {
      long from = next;
      Instant now = clock.instant();
      next =
          inodes.edit(
              editor -> {
                Inode inode = inodes.load(editor, number).requireRegular();
                long reached = end;
                if (grow) {
                  requireWithin(inode, offset, length);
                }
                if (clear) {
                  reached = clear(editor, inode, from, end);
                } else {
                  requireSpace(editor, inode, offset, length);
                }
                if (grow && reached == end) {
                  inode.sizeBytes = Math.max(inode.sizeBytes, end);
                }
                inode.setContentTimes(now);
                inodes.changed(inode);
                return reached;
              });
    }
  }

  /** Makes a hole, as far as one step comes; answers where the next has to go on. */
  private long clear(MapEditor editor, Inode inode, long from, long to) throws IOException {
    inodes.closeBuffer(editor, inode);
    FileExtents.Step step = FileExtents.clear(editor, inode.number, from, to, STEP_EXTENTS);
    inode.allocatedBytes -= step.freedBytes();
    return step.nextOffset();
  }

  /**
   * Shrinks or grows a file in a running edit. A file of very many extents shrinks in steps, each
   * of which leaves a shorter file; says whether it has reached its size.
   */
  boolean resize(MapEditor editor, Inode inode, long sizeBytes) throws IOException {
    inode.requireRegular();
    boolean done = true;
    if (sizeBytes < inode.sizeBytes) {
      if (inode.buffer != null && sizeBytes <= inode.buffer.start()) {
        inodes.dropBuffer(inode);
      }
      inodes.closeBuffer(editor, inode);
      FileExtents.Step step = FileExtents.clearTail(editor, inode.number, sizeBytes, STEP_EXTENTS);
      inode.allocatedBytes -= step.freedBytes();
      done = step.nextOffset() == sizeBytes;
      inode.sizeBytes = step.nextOffset();
    } else {
      inode.sizeBytes = sizeBytes;
    }
    inodes.changed(inode);
    return done;
  }

  long seek(long number, long offset, boolean hole) throws IOException {
    FileExtents.Search search = new FileExtents.Search(offset, false);
    while (!search.found()) {
      long from = search.offset();
      search = map.read(view -> search(view, number, from, hole));
      if (search == null) {
        // Buffered bytes are data too; in the map they are easier to find.
        inodes.edit(
            editor -> {
              inodes.closeBuffer(editor, inodes.load(editor, number));
              return null;
            });
        search = new FileExtents.Search(from, false);
      }
    }
    return search.offset();
  }

  private FileExtents.Search search(MapView view, long number, long offset, boolean hole)
      throws IOException {
    Inode inode = inodes.require(view, number).requireRegular();
    if (hasUnsaved(inode)) {
      return null;
    }
    return FileExtents.search(view, inode, offset, hole);
  }

  /** Whether the map lacks bytes of the file. */
  static boolean hasUnsaved(Inode inode) {
    return inode.buffer != null && inode.buffer.isDirty();
  }

  /** Throws EINVAL or EFBIG unless a file can have such a range. */
  static void requireRange(long offset, long length) throws ErrnoException {
    if (offset < 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    if (length > SIZE_BYTES_MAX - offset) {
      throw new ErrnoException(Errno.EFBIG);
    }
  }
}
