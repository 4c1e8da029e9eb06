package dev.firn.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class BlockChecksumsTest {
  private final Random random = Seeds.random("BlockChecksumsTest");

  private static int crc(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length);
    return (int) crc.getValue();
  }

  private byte[] content(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /** What the JDK says of both together is what it says of each, put together. */
  @Test
  void theWholesChecksumFollowsFromThoseOfTheBlocks() {
    for (int i = 0; i < 500; i++) {
      byte[] before = content(random.nextInt(40));
      byte[] payload = content(1 + random.nextInt(i % 10 == 0 ? 200_000 : 10_000));
      byte[] both = Arrays.copyOf(before, before.length + payload.length);
      System.arraycopy(payload, 0, both, before.length, payload.length);
      BlockChecksums blocks = BlockChecksums.of(ByteBuffer.wrap(payload));
      assertEquals(crc(both), blocks.following(crc(before)), payload.length + " bytes");
      assertEquals(
          crc(both), Crc32c.concatenated(crc(before), crc(payload), Crc32c.shift(payload.length)));
    }
  }

  @Test
  void eachBlockCountsByItself() {
    byte[] payload = content(3 * 4096 + 77);
    BlockChecksums blocks = BlockChecksums.of(ByteBuffer.wrap(payload));
    assertEquals(16, BlockChecksums.encodedBytes(payload.length));
    payload[4096 + random.nextInt(4096)] ^= 4;
    assertTrue(blocks.match(0, ByteBuffer.wrap(payload, 0, 4096)));
    assertFalse(blocks.match(0, ByteBuffer.wrap(payload, 0, 8192)));
    assertFalse(blocks.match(1, ByteBuffer.wrap(payload, 4096, 4096)));
    assertTrue(blocks.match(2, ByteBuffer.wrap(payload, 8192, 4096 + 77)));
    assertFalse(blocks.match(3, ByteBuffer.wrap(payload, 3 * 4096, 76)));
    assertEquals(4096, blocks.endOfBlock(1));
    assertEquals(4096, blocks.endOfBlock(4096));
    assertEquals(payload.length, blocks.endOfBlock(3 * 4096 + 1));
  }
}
