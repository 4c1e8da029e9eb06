package dev.firn.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Puts records one behind the other into one piece of native memory, sets their pointers, and
 * writes all at once. Safe for concurrent use.
 */
final class RecordWriter {
  /** What one write can hold. */
  static final int RUN_BYTES_MAX = RecordFormat.PAYLOAD_BYTES_MAX + (128 << 10);

  /** Of all logs: as many as write at once. */
  private static final AlignedBuffers BUFFERS = new AlignedBuffers(RUN_BYTES_MAX);

  private static final int CACHED_RECORD_BYTES_MAX = 64 << 10;

  private final SegmentStore store;
  private volatile boolean cached;

  RecordWriter(SegmentStore store) {
    this.store = store;
  }

  /** From now on short records that are written stay in the system's cache. */
  void keepCached() {
    cached = true;
  }

  /** Long ones are written faster without, and read in fewer pieces. */
  private boolean staysCached(ByteBuffer image, int records) {
    return cached && image.remaining() / records < CACHED_RECORD_BYTES_MAX;
  }

  /** Writes records of {@link #RUN_BYTES_MAX} bytes at most that have their LSNs. */
  void write(long segment, long start, List<Draft> drafts) throws IOException {
    ByteBuffer image = BUFFERS.take();
    try {
      for (Draft draft : drafts) {
        put(draft, segment, start + image.position(), image);
      }
      image.flip();
      if (staysCached(image, drafts.size())) {
        store.writeCached(segment, start, image);
      } else {
        store.write(segment, start, image);
      }
    } finally {
      BUFFERS.giveBack(image);
    }
  }

  private static void put(Draft draft, long segment, long offset, ByteBuffer image) {
    int start = image.position();
    image.position(start + RecordFormat.HEADER_BYTES).put(draft.payload.duplicate());
    // The checksum is that of the bytes that will be written: those of a payload in memory that
    // others can change may change.
    ByteBuffer stored = image.slice(start + RecordFormat.HEADER_BYTES, draft.storedLength());
    draft.pointer =
        new RecordPointer(
            segment,
            Math.toIntExact(offset),
            draft.storedLength(),
            draft.rawLength,
            RecordFormat.checksum(segment, draft.lsn, stored),
            draft.compression);
    byte[] header = new byte[RecordFormat.HEADER_BYTES];
    RecordFormat.encodeHeader(header, draft.type, draft.lsn, draft.pointer);
    image.put(start, header);
    int end = start + draft.recordBytes();
    while (image.position() < end) {
      image.put((byte) 0);
    }
  }
}
