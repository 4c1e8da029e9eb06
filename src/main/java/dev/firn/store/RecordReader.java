package dev.firn.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads and verifies records by their pointers. Unpacked file bytes are cached by weight; arrays
 * from the cache are shared and must not be changed. Safe for concurrent use.
 */
public final class RecordReader {
  private final SegmentStore store;
  private final Cache<Place, byte[]> extents;

  private record Place(long segment, int offset) {}

  /**
   * @param extentCacheBytes the weight, in unpacked bytes, up to which extents are kept
   */
  public RecordReader(SegmentStore store, long extentCacheBytes) {
    this.store = store;
    this.extents =
        Caffeine.newBuilder()
            .maximumWeight(extentCacheBytes)
            .weigher((Place place, byte[] bytes) -> bytes.length + 64)
            .executor(Runnable::run)
            .build();
  }

  /** File bytes, from the cache or the disk. */
  public byte[] readExtent(RecordPointer pointer) throws IOException {
    Place place = new Place(pointer.segment(), pointer.offset());
    byte[] bytes = extents.getIfPresent(place);
    if (bytes == null) {
      bytes = read(RecordType.EXTENT, pointer);
      extents.put(place, bytes);
    }
    return bytes;
  }

  /** The unpacked payload, from the disk. */
  public byte[] read(RecordType type, RecordPointer pointer) throws IOException {
    byte[] image = new byte[RecordFormat.HEADER_BYTES + pointer.storedLength()];
    int count = store.read(pointer.segment(), pointer.offset(), ByteBuffer.wrap(image));
    if (count < image.length) {
      throw new CorruptDataException(
          "record at " + pointer + " ends after " + count + " of " + image.length + " bytes");
    }
    RecordFormat.Header header = RecordFormat.parse(image, 0, pointer.segment(), pointer.offset());
    if (header == null
        || header.type() != type
        || header.storedLength() != pointer.storedLength()
        || header.rawLength() != pointer.rawLength()
        || header.checksum() != pointer.checksum()
        || header.compression() != pointer.compression()) {
      throw new CorruptDataException("record at " + pointer + " is not the one that was written");
    }
    int checksum =
        RecordFormat.checksum(
            pointer.segment(),
            header.lsn(),
            image,
            RecordFormat.HEADER_BYTES,
            header.storedLength());
    if (checksum != header.checksum()) {
      throw new CorruptDataException("record at " + pointer + " has a wrong checksum");
    }
    return header
        .compression()
        .decompress(image, RecordFormat.HEADER_BYTES, header.storedLength(), header.rawLength());
  }
}
