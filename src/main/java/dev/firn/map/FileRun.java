package dev.firn.map;

import dev.firn.store.Compression;
import dev.firn.store.Draft;
import dev.firn.store.RecordType;
import java.nio.ByteBuffer;

/**
 * Bytes of a file that become one record.
 *
 * @param bytes from position to limit 1 to {@link ExtentRef#RAW_BYTES_MAX}
 * @param frame a Zstandard frame that unpacks to just these bytes, which is stored instead of
 *     packing them once more; null if there is none
 */
public record FileRun(ByteBuffer bytes, ByteBuffer frame) {
  public FileRun(ByteBuffer bytes) {
    this(bytes, null);
  }

  Draft draft(Compression compression) {
    // Who wants nothing packed wants nothing unpacked at each read either.
    return frame == null || compression == Compression.NONE
        ? Draft.of(RecordType.EXTENT, compression, bytes)
        : Draft.ofPacked(RecordType.EXTENT, bytes, frame);
  }
}
