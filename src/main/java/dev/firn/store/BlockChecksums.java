package dev.firn.store;

import dev.firn.base.Bytes;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The CRC32Cs of a payload's blocks, so that who reads a few of them need not read all. Whoever
 * keeps them vouches for the bytes, as with {@link RecordPointer}. Immutable.
 */
public final class BlockChecksums {
  static final int BLOCK_BYTES = 4096;

  private static final int SHIFT_BY_BLOCK = Crc32c.shift(BLOCK_BYTES);

  private final int[] sums;
  private final int payloadBytes;

  private BlockChecksums(int[] sums, int payloadBytes) {
    this.sums = sums;
    this.payloadBytes = payloadBytes;
  }

  /** Of the bytes from position to limit. */
  static BlockChecksums of(ByteBuffer payload) {
    int[] sums = new int[blocks(payload.remaining())];
    ByteBuffer block = payload.duplicate();
    CRC32C crc = new CRC32C();
    for (int i = 0; i < sums.length; i++) {
      sums[i] = next(crc, block, payload.limit());
    }
    return new BlockChecksums(sums, payload.remaining());
  }

  /**
   * Bytes of the encoded form.
   *
   * @param payloadBytes of a record that is stored as it is
   * @return 0 where the record is one block, and its own checksum says all
   */
  public static int encodedBytes(int payloadBytes) {
    return payloadBytes <= BLOCK_BYTES ? 0 : blocks(payloadBytes) * Integer.BYTES;
  }

  /** Writes a u32 for each block. */
  public void encode(byte[] target, int at) {
    for (int i = 0; i < sums.length; i++) {
      Bytes.putInt(target, at + i * Integer.BYTES, sums[i]);
    }
  }

  /** Reads what {@link #encode} wrote for a payload of this length. */
  public static BlockChecksums decode(byte[] source, int at, int payloadBytes) {
    int[] sums = new int[blocks(payloadBytes)];
    for (int i = 0; i < sums.length; i++) {
      sums[i] = Bytes.getInt(source, at + i * Integer.BYTES);
    }
    return new BlockChecksums(sums, payloadBytes);
  }

  /** The CRC32C of something followed by the payload, by the CRC32C of that something. */
  int following(int checksum) {
    int whole = checksum;
    int last = sums.length - 1;
    for (int i = 0; i < last; i++) {
      whole = Crc32c.concatenated(whole, sums[i], SHIFT_BY_BLOCK);
    }
    int shift = Crc32c.shift(payloadBytes - last * BLOCK_BYTES);
    return Crc32c.concatenated(whole, sums[last], shift);
  }

  /** Whether the bytes from position to limit are the blocks from {@code first} on. */
  boolean match(int first, ByteBuffer bytes) {
    ByteBuffer block = bytes.duplicate();
    CRC32C crc = new CRC32C();
    for (int i = first; block.hasRemaining(); i++) {
      if (next(crc, block, bytes.limit()) != sums[i]) {
        return false;
      }
    }
    return true;
  }

  /** The first byte of the block that byte {@code index} is in. */
  static int startOfBlock(int index) {
    return index / BLOCK_BYTES * BLOCK_BYTES;
  }

  /** The end of the block that the byte before {@code index} is in. */
  int endOfBlock(int index) {
    return Math.min(payloadBytes, startOfBlock(index + BLOCK_BYTES - 1));
  }

  private static int blocks(int payloadBytes) {
    return (payloadBytes + BLOCK_BYTES - 1) / BLOCK_BYTES;
  }

  /** Of the block at the position, which moves on. */
  private static int next(CRC32C crc, ByteBuffer bytes, int end) {
    crc.reset();
    bytes.limit(Math.min(end, bytes.position() + BLOCK_BYTES));
    crc.update(bytes);
    bytes.limit(end);
    return (int) crc.getValue();
  }
}
