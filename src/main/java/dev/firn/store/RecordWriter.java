package dev.firn.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Writes records one behind the other from a place in a segment on, and sets their pointers. Short
 * ones gather in native memory, from where the system takes them without a copy; long payloads that
 * are in native memory already go from where they are. Not safe for concurrent use.
 */
final class RecordWriter {
  private static final int GATHERED_BYTES = 256 << 10;

  /** From here on another system call costs less than a copy. */
  private static final int IN_PLACE_BYTES_MIN = 16 << 10;

  private static final ThreadLocal<ByteBuffer> GATHERED =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(GATHERED_BYTES));

  private final SegmentStore store;
  private final long segment;
  private final ByteBuffer gathered = GATHERED.get().clear();
  private final byte[] header = new byte[RecordFormat.HEADER_BYTES];

  /** Where what is gathered will go. */
  private long offset;

  RecordWriter(SegmentStore store, long segment, long start) {
    this.store = store;
    this.segment = segment;
    this.offset = start;
  }

  void write(List<Draft> drafts) throws IOException {
    for (Draft draft : drafts) {
      add(draft);
    }
    flush();
  }

  private void add(Draft draft) throws IOException {
    long at = offset + gathered.position();
    int checksum = RecordFormat.checksum(segment, draft.lsn, draft.payload.duplicate());
    draft.pointer =
        new RecordPointer(
            segment,
            Math.toIntExact(at),
            draft.storedLength(),
            draft.rawLength,
            checksum,
            draft.compression);
    RecordFormat.encodeHeader(header, draft.type, draft.lsn, draft.pointer);
    gather(ByteBuffer.wrap(header));
    ByteBuffer payload = draft.payload.duplicate();
    if (payload.isDirect() && payload.remaining() >= IN_PLACE_BYTES_MIN) {
      flush();
      offset += payload.remaining();
      store.write(segment, offset - payload.remaining(), payload);
    } else {
      gather(payload);
    }
    int padding = draft.recordBytes() - RecordFormat.HEADER_BYTES - draft.storedLength();
    gather(ByteBuffer.allocate(padding));
  }

  private void gather(ByteBuffer bytes) throws IOException {
    int end = bytes.limit();
    while (bytes.position() < end) {
      if (!gathered.hasRemaining()) {
        flush();
      }
      bytes.limit(Math.min(end, bytes.position() + gathered.remaining()));
      gathered.put(bytes);
    }
  }

  private void flush() throws IOException {
    gathered.flip();
    int count = gathered.remaining();
    if (count > 0) {
      store.write(segment, offset, gathered);
      offset += count;
    }
    gathered.clear();
  }
}
