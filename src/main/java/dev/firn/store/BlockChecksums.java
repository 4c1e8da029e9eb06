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

  /**
   * A u32 for each block, from {@link #start} on. Kept so, since most that decode it ask nothing.
   */
  private final byte[] encoded;

  private final int start;
  private final int payloadBytes;

  private BlockChecksums(byte[] encoded, int start, int payloadBytes) {
    this.encoded = encoded;
    this.start = start;
    this.payloadBytes = payloadBytes;
  }

  /** Of the bytes from position to limit. */
  static BlockChecksums of(ByteBuffer payload) {
    byte[] encoded = new byte[blocks(payload.remaining()) * Integer.BYTES];
    ByteBuffer block = payload.duplicate();
    CRC32C crc = new CRC32C();
    for (int at = 0; at < encoded.length; at += Integer.BYTES) {
      Bytes.putInt(encoded, at, next(crc, block, payload.limit()));
    }
    return new BlockChecksums(encoded, 0, payload.remaining());
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
    System.arraycopy(encoded, start, target, at, blocks(payloadBytes) * Integer.BYTES);
  }

  /**
   * What {@link #encode} wrote for a payload of this length.
   *
   * @param source from now on never changed
   */
  public static BlockChecksums decode(byte[] source, int at, int payloadBytes) {
    return new BlockChecksums(source, at, payloadBytes);
  }

  private int sum(int block) {
    return Bytes.getInt(encoded, start + block * Integer.BYTES);
  }

  /** The CRC32C of something followed by the payload, by the CRC32C of that something. */
  int following(int checksum) {
    int whole = checksum;
    int last = blocks(payloadBytes) - 1;
    for (int i = 0; i < last; i++) {
      whole = Crc32c.concatenated(whole, sum(i), SHIFT_BY_BLOCK);
    }
    int shift = Crc32c.shift(payloadBytes - last * BLOCK_BYTES);
    return Crc32c.concatenated(whole, sum(last), shift);
  }

  /** Whether the bytes from position to limit are the blocks from {@code first} on. */
  boolean match(int first, ByteBuffer bytes) {
    ByteBuffer block = bytes.duplicate();
    CRC32C crc = new CRC32C();
    for (int i = first; block.hasRemaining(); i++) {
      if (next(crc, block, bytes.limit()) != sum(i)) {
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
