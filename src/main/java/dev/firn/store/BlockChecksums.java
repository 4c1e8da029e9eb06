package dev.firn.store;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** The checksums of a payload's blocks, in memory only. Immutable. */
final class BlockChecksums {
  static final int BLOCK_BYTES = 4096;

  private final int[] sums;

  private BlockChecksums(int[] sums) {
    this.sums = sums;
  }

  /** Of the bytes from position to limit, which were verified. */
  static BlockChecksums of(ByteBuffer payload) {
    int[] sums = new int[(payload.remaining() + BLOCK_BYTES - 1) / BLOCK_BYTES];
    for (int i = 0; i < sums.length; i++) {
      sums[i] = checksum(payload, i);
    }
    return new BlockChecksums(sums);
  }

  /** Whether the bytes from position to limit are the blocks from {@code first} on. */
  boolean match(int first, ByteBuffer bytes) {
    int count = (bytes.remaining() + BLOCK_BYTES - 1) / BLOCK_BYTES;
    for (int i = 0; i < count; i++) {
      if (checksum(bytes, i) != sums[first + i]) {
        return false;
      }
    }
    return true;
  }

  /** The end of the block that the byte before {@code index} is in. */
  static int endOfBlock(int index, int payloadBytes) {
    return Math.min(payloadBytes, (index + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES);
  }

  int bytes() {
    return sums.length * Integer.BYTES;
  }

  private static int checksum(ByteBuffer bytes, int block) {
    int from = block * BLOCK_BYTES;
    int length = Math.min(BLOCK_BYTES, bytes.remaining() - from);
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(bytes.position() + from, length));
    return (int) crc.getValue();
  }
}
