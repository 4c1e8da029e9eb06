package dev.firn.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Lays records one behind the other, sets their pointers, and writes all at once: headers and short
 * payloads from a piece of native memory, long payloads that are in native memory from where they
 * are. Safe for concurrent use.
 */
final class RecordWriter {
  /** What one write can hold. */
  static final int RUN_BYTES_MAX = RecordFormat.PAYLOAD_BYTES_MAX + (128 << 10);

  /** Of all logs: as many as write at once. */
  private static final NativeBuffers BUFFERS = new NativeBuffers(RUN_BYTES_MAX);

  private static final int CACHED_RECORD_BYTES_MAX = 64 << 10;

  /** More than the padding behind a record. */
  private static final byte[] ZEROS = new byte[RecordFormat.ALIGNMENT];

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
  private boolean staysCached(int bytes, int records) {
    return cached && bytes / records < CACHED_RECORD_BYTES_MAX;
  }

  /**
   * Writes records of {@link #RUN_BYTES_MAX} bytes at most that have their LSNs, and whose payloads
   * nobody changes meanwhile.
   */
  void write(long segment, long start, List<Draft> drafts) throws IOException {
    ByteBuffer image = BUFFERS.take();
    try {
      Layout layout = new Layout(segment, start, image);
      for (Draft draft : drafts) {
        layout.add(draft);
      }
      ByteBuffer[] pieces = layout.pieces();
      if (staysCached(layout.bytes(), drafts.size())) {
        store.writeCached(segment, start, pieces);
      } else {
        store.write(segment, start, pieces);
      }
    } finally {
      BUFFERS.giveBack(image);
    }
  }

  /** Records on their way into one write. */
  private static final class Layout {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final long segment;
    private final long start;
    private final ByteBuffer image;
    private final List<ByteBuffer> pieces = new ArrayList<>();
    private int imageFrom;
    private int bytes;

    Layout(long segment, long start, ByteBuffer image) {
      this.segment = segment;
      this.start = start;
      this.image = image;
    }

    void add(Draft draft) {
      draft.pointer =
          new RecordPointer(
              segment,
              Math.toIntExact(start + bytes),
              draft.storedLength(),
              draft.rawLength,
              checksum(draft),
              draft.compression);
      byte[] header = new byte[RecordFormat.HEADER_BYTES];
      RecordFormat.encodeHeader(header, draft.type, draft.lsn, draft.pointer);
      image.put(header);
      if (draft.payload.isDirect() && draft.storedLength() >= VectoredFile.PIECE_BYTES_MIN) {
        closePiece();
        pieces.add(draft.payload.duplicate());
      } else {
        image.put(draft.payload.duplicate());
      }
      image.put(ZEROS, 0, RecordFormat.paddingBytes(draft.storedLength()));
      bytes += draft.recordBytes();
    }

    private int checksum(Draft draft) {
      ByteBuffer payload = draft.payload.duplicate();
      if (!draft.isReadInBlocks()) {
        return RecordFormat.checksum(segment, draft.lsn, payload);
      }
      draft.blocks = BlockChecksums.of(payload);
      return draft.blocks.following(RecordFormat.checksum(segment, draft.lsn, NOTHING));
    }

    private void closePiece() {
      if (image.position() > imageFrom) {
        pieces.add(image.slice(imageFrom, image.position() - imageFrom));
        imageFrom = image.position();
      }
    }

    ByteBuffer[] pieces() {
      closePiece();
      return pieces.toArray(ByteBuffer[]::new);
    }

    int bytes() {
      return bytes;
    }
  }
}
