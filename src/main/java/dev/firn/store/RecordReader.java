package dev.firn.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.List;

/**
 * Reads and verifies records by their pointers. Safe for concurrent use.
 *
 * <p>What is kept in memory: of compressed records that were read in parts, the unpacked bytes. The
 * others' bytes the system's cache has.
 */
public final class RecordReader {
  private static final int ENTRY_OVERHEAD_BYTES = 128;

  /** What one call reads at most. */
  private static final int RECORDS_MAX = 64;

  /** Between two payloads: the padding of one record, the header of the next. */
  private static final int GAP_BYTES_MAX = RecordFormat.HEADER_BYTES + RecordFormat.ALIGNMENT;

  private static final ThreadLocal<ByteBuffer> SCRATCH =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(160 << 10));

  private final SegmentStore store;
  private final Cache<Place, byte[]> unpacked;

  private record Place(long segment, int offset) {}

  /**
   * @param extentCacheBytes the weight, in unpacked bytes, up to which extents are kept
   */
  public RecordReader(SegmentStore store, long extentCacheBytes) {
    this.store = store;
    this.unpacked =
        Caffeine.newBuilder()
            .maximumWeight(extentCacheBytes)
            .weigher((Place place, byte[] bytes) -> bytes.length + ENTRY_OVERHEAD_BYTES)
            .executor(Runnable::run)
            .build();
  }

  /**
   * Fills {@code target}, from position to limit, with a part of a record of file bytes. After an
   * error it holds nothing of worth.
   *
   * @param blocks by which a part can be read alone; null where there are none
   * @param from the part's first byte among the unpacked ones
   */
  public void readExtent(RecordPointer pointer, BlockChecksums blocks, int from, ByteBuffer target)
      throws IOException {
    int length = target.remaining();
    if (from < 0 || length > pointer.rawLength() - from) {
      throw new IllegalArgumentException(
          length + " bytes from " + from + " on of a record of " + pointer.rawLength());
    }
    boolean whole = length == pointer.rawLength();
    if (pointer.compression() != Compression.NONE) {
      readPacked(pointer, from, whole, target);
    } else if (whole && target.isDirect() && isReadInPlace(pointer)) {
      readInPlace(List.of(pointer), target);
    } else if (blocks != null && !whole) {
      readBlocks(pointer, blocks, from, target);
    } else {
      target.put(part(payload(RecordType.EXTENT, pointer), from, length));
    }
  }

  private void readPacked(RecordPointer pointer, int from, boolean whole, ByteBuffer target)
      throws IOException {
    Place place = new Place(pointer.segment(), pointer.offset());
    byte[] bytes = unpacked.getIfPresent(place);
    if (bytes == null && whole) {
      // Who reads the whole will not come back for another part.
      pointer.compression().unpack(payload(RecordType.EXTENT, pointer), target);
      return;
    }
    if (bytes == null) {
      bytes = read(RecordType.EXTENT, pointer);
      unpacked.put(place, bytes);
    }
    target.put(bytes, from, target.remaining());
  }

  private void readBlocks(RecordPointer pointer, BlockChecksums blocks, int from, ByteBuffer target)
      throws IOException {
    int start = BlockChecksums.startOfBlock(from);
    int end = blocks.endOfBlock(from + target.remaining());
    boolean inPlace = target.isDirect() && end - start == target.remaining();
    ByteBuffer image = inPlace ? target.slice() : scratch(end - start);
    fill(pointer, RecordFormat.HEADER_BYTES + start, image);
    image.flip();
    if (!blocks.match(start / BlockChecksums.BLOCK_BYTES, image)) {
      throw wrongChecksum(pointer);
    }
    if (inPlace) {
      target.position(target.limit());
    } else {
      target.put(part(image, from - start, target.remaining()));
    }
  }

  /**
   * Fills {@code target}, from its position on, with file bytes of whole records: of the first, and
   * of those that lie behind it in its segment as they follow it in the list, by one call. After an
   * error it holds nothing of worth.
   *
   * @param pointers at least one; {@link #isReadInPlace} of each
   * @param target native memory with room for all
   * @return how many records were read
   */
  public int readInPlace(List<RecordPointer> pointers, ByteBuffer target) throws IOException {
    int count = adjacent(pointers);
    ByteBuffer headers = scratch(count * GAP_BYTES_MAX);
    ByteBuffer[] pieces = new ByteBuffer[2 * count];
    int bytes = 0;
    int at = target.position();
    for (int i = 0; i < count; i++) {
      int gap = i == 0 ? 0 : RecordFormat.paddingBytes(pointers.get(i - 1).storedLength());
      pieces[2 * i] = headers.slice(i * GAP_BYTES_MAX, gap + RecordFormat.HEADER_BYTES);
      pieces[2 * i + 1] = target.slice(at, pointers.get(i).rawLength());
      at += pointers.get(i).rawLength();
      bytes += pieces[2 * i].remaining() + pieces[2 * i + 1].remaining();
    }
    fill(pointers.get(0), 0, bytes, pieces);
    byte[] header = new byte[RecordFormat.HEADER_BYTES];
    for (int i = 0; i < count; i++) {
      ByteBuffer piece = pieces[2 * i];
      piece.get(piece.limit() - header.length, header);
      verify(RecordType.EXTENT, pointers.get(i), header, pieces[2 * i + 1].rewind());
    }
    target.position(at);
    return count;
  }

  /** Whether a whole record is worth {@link #readInPlace}. */
  public static boolean isReadInPlace(RecordPointer pointer) {
    return pointer.compression() == Compression.NONE
        && pointer.rawLength() >= VectoredFile.PIECE_BYTES_MIN;
  }

  /** How many of these records, from the first on, lie one behind the other. */
  private static int adjacent(List<RecordPointer> pointers) {
    int count = 1;
    while (count < pointers.size()
        && count < RECORDS_MAX
        && follows(pointers.get(count - 1), pointers.get(count))) {
      count++;
    }
    return count;
  }

  private static boolean follows(RecordPointer first, RecordPointer second) {
    return second.segment() == first.segment()
        && second.offset() == first.offset() + RecordFormat.recordBytes(first.storedLength());
  }

  /**
   * Reads a record of file bytes and throws unless it is the one that was written, and its blocks
   * are, if there are checksums of them.
   */
  public void verifyExtent(RecordPointer pointer, BlockChecksums blocks) throws IOException {
    ByteBuffer payload = payload(RecordType.EXTENT, pointer);
    if (blocks != null && !blocks.match(0, payload)) {
      throw new CorruptDataException("record at " + pointer + " has other blocks");
    }
  }

  /** The unpacked payload, from the disk. */
  public byte[] read(RecordType type, RecordPointer pointer) throws IOException {
    byte[] bytes = new byte[pointer.rawLength()];
    pointer.compression().unpack(payload(type, pointer), ByteBuffer.wrap(bytes));
    return bytes;
  }

  /** The stored payload, from the disk, in this thread's buffer. */
  private ByteBuffer payload(RecordType type, RecordPointer pointer) throws IOException {
    ByteBuffer image = scratch(RecordFormat.HEADER_BYTES + pointer.storedLength());
    fill(pointer, 0, image);
    byte[] header = new byte[RecordFormat.HEADER_BYTES];
    image.flip().get(header);
    verify(type, pointer, header, image.duplicate());
    return image;
  }

  private static void verify(
      RecordType type, RecordPointer pointer, byte[] headerBytes, ByteBuffer payload)
      throws CorruptDataException {
    RecordFormat.Header header =
        RecordFormat.parse(headerBytes, 0, pointer.segment(), pointer.offset());
    if (header == null
        || header.type() != type
        || header.storedLength() != pointer.storedLength()
        || header.rawLength() != pointer.rawLength()
        || header.checksum() != pointer.checksum()
        || header.compression() != pointer.compression()) {
      throw new CorruptDataException("record at " + pointer + " is not the one that was written");
    }
    if (RecordFormat.checksum(pointer.segment(), header.lsn(), payload) != header.checksum()) {
      throw wrongChecksum(pointer);
    }
  }

  private static CorruptDataException wrongChecksum(RecordPointer pointer) {
    return new CorruptDataException("record at " + pointer + " has a wrong checksum");
  }

  /** Fills {@code target} with what the record has from {@code index} on, its header being at 0. */
  private void fill(RecordPointer pointer, int index, ByteBuffer target) throws IOException {
    fill(pointer, index, target.remaining(), target);
  }

  private void fill(RecordPointer pointer, int index, int length, ByteBuffer... targets)
      throws IOException {
    int count;
    try {
      count = store.read(pointer.segment(), (long) pointer.offset() + index, targets);
    } catch (NoSuchFileException e) {
      throw new CorruptDataException("record at " + pointer + ": its segment is not there", e);
    }
    if (count < length) {
      throw new CorruptDataException(
          "record at " + pointer + " ends after " + count + " of " + length + " bytes");
    }
  }

  private static ByteBuffer part(ByteBuffer bytes, int from, int length) {
    return bytes.slice(bytes.position() + from, length);
  }

  private static ByteBuffer scratch(int length) {
    ByteBuffer scratch = SCRATCH.get();
    if (scratch.capacity() < length) {
      scratch = ByteBuffer.allocateDirect(length);
      SCRATCH.set(scratch);
    }
    return scratch.clear().limit(length);
  }
}
