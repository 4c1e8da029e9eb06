package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import dev.firn.Seeds;
import dev.firn.base.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrameTableTest {
  private static final byte[] SKIPPABLE = {0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 7};

  private final Random random = Seeds.random("FrameTableTest");

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static FrameTable table(byte[] stored) {
    return FrameTable.of(stored, stored.length);
  }

  @Test
  void findsWhatIsAFrame() {
    byte[] text = Bytes.utf8("firn ".repeat(30_000));
    byte[] noise = Trees.random(random, 70_000);
    byte[] one = {1};
    byte[] raw = join(text, noise, one);
    byte[] stored = join(Zstd.compress(text), Zstd.compress(noise), Zstd.compress(one));
    FrameTable table = FrameTable.of(join(stored, SKIPPABLE), stored.length);

    assertNotNull(table);
    assertEquals(raw.length, table.rawBytes());
    OpenedMember member = new OpenedMember(raw, stored, table);
    int at = 0;
    for (byte[] part : new byte[][] {text, noise, one}) {
      ByteBuffer frame = member.frame(at, part.length);
      byte[] own = new byte[frame.remaining()];
      frame.get(own);
      assertArrayEquals(part, Zstd.decompress(own, part.length));
      assertNull(member.frame(at + 1, part.length - 1));
      at += part.length;
    }
    assertNull(member.frame(0, text.length - 1));
    assertNull(member.frame(0, raw.length));
    assertNull(member.frame(raw.length, 1));
  }

  @Test
  void takesNothingElse() {
    byte[] frame = Zstd.compress(Trees.random(random, 5_000));
    assertNull(table(Bytes.EMPTY));
    assertNull(table(Trees.random(new Random(1), 100)));
    assertNull(table(join(frame, new byte[] {0})));
    assertNull(table(Arrays.copyOf(frame, frame.length - 1)));
    assertNull(table(join(frame, SKIPPABLE)));
    assertNull(table(join(frame, Zstd.compress(Bytes.EMPTY))));
    try (ZstdCompressCtx context = new ZstdCompressCtx()) {
      context.setContentSize(false);
      assertNull(table(context.compress(frame)));
    }
  }

  @Test
  void knowsItsLimits() {
    byte[] tiny = Zstd.compress(new byte[] {1});
    ByteArrayOutputStream row = new ByteArrayOutputStream();
    for (int i = 0; i < PackageLayout.MEMBER_FRAMES_MAX; i++) {
      row.writeBytes(tiny);
    }
    byte[] many = row.toByteArray();
    assertEquals(PackageLayout.MEMBER_FRAMES_MAX, table(many).rawBytes());
    assertNull(table(join(many, tiny)));

    byte[] largest = Zstd.compress(new byte[PackageLayout.MEMBER_RAW_BYTES_MAX]);
    assertEquals(PackageLayout.MEMBER_RAW_BYTES_MAX, table(largest).rawBytes());
    assertNull(table(join(largest, tiny)));
  }
}
