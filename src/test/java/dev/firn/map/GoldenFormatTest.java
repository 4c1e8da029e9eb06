package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.Bytes;
import dev.firn.store.NewerFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The on-disk format, version 3, against files made once and kept: decoded here a second time,
 * straight from what native-notes/format.md says, opened with the real code, and written again byte
 * for byte. Files of older versions open as well.
 */
class GoldenFormatTest {
  private static final Path GOLDENS = Path.of("src/test/resources/golden");
  private static final Path GOLDEN = GOLDENS.resolve("store-3");

  /** One segment holds all. */
  private static final MapOptions OPTIONS =
      new MapOptions(1024, 1 << 20, 64 << 10, 64 << 10, 8 << 10, 64 << 10);

  private static final String SUPERBLOCK = "volumes/00000001.super";
  private static final String SEGMENT = "segments/a/00000001-00000001.seg";
  private static final byte[] STORED = new byte[1000];
  private static final byte[] LONG = new byte[(64 << 10) + 100];

  static {
    for (int i = 0; i < STORED.length; i++) {
      STORED[i] = (byte) (i * 7);
    }
    for (int i = 0; i < LONG.length; i++) {
      LONG[i] = (byte) (i / 4096 + i * 5);
    }
  }

  @TempDir Path directory;

  /** What the format has: inline and stored extents, snapshots, one dropped, a replay, padding. */
  private static void write(Path home) throws IOException {
    MapStore store = MapStore.open(home, List.of("a"), OPTIONS);
    VolumeMap map = store.create(1, new MapStore.VolumeOptions("a", "none"));
    map.write(
        head -> {
          head.put(Bytes.utf8("inline"), ExtentRef.inline(Bytes.utf8("hello")).encode());
          return null;
        });
    PendingExtent pending = map.stage(STORED.clone(), STORED.length, null);
    map.write(
        head -> {
          ExtentRef extent = ExtentRef.of(pending, 100, 900);
          head.put(Bytes.utf8("stored"), extent.encode(), pending);
          return null;
        });
    map.freezeAs(5, Bytes.utf8("first"));
    map.freezeAs(6, Bytes.utf8("second"));
    map.checkpoint();
    map.dropFrozen(6);
    map.write(head -> head.delete(Bytes.utf8("inline")));
    map.write(
        head -> {
          head.put(Bytes.utf8("later"), Bytes.utf8("replayed"));
          return null;
        });
    map.commit();
    // Long: with padding before and behind it, and checksums of its blocks.
    ExtentRef blocks = map.store(List.of(new FileRun(ByteBuffer.wrap(LONG)))).get(0);
    map.write(
        head -> {
          head.put(Bytes.utf8("blocks"), blocks.encode());
          return null;
        });
    map.commit();
    map.abandon();
    store.close();
  }

  /** Makes the golden files anew: only for a new version of the format, never to mend a test. */
  public static void main(String[] arguments) throws IOException {
    write(GOLDEN);
    Path segment = GOLDEN.resolve(SEGMENT);
    byte[] bytes = Files.readAllBytes(segment);
    ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int end = 0;
    while (end < bytes.length && file.getInt(end) != 0) {
      end += (40 + file.getInt(end + 16) + 7) / 8 * 8;
    }
    // Without the zeros that were written ahead.
    Files.write(segment, Arrays.copyOf(bytes, end));
  }

  @Test
  void writingTheSameAgainGivesTheSameBytes() throws IOException {
    write(directory);
    for (String file : List.of(SUPERBLOCK, SEGMENT)) {
      byte[] golden = Files.readAllBytes(GOLDEN.resolve(file));
      byte[] written = Files.readAllBytes(directory.resolve(file));
      // How many zeros were written ahead depends on the time.
      assertArrayEquals(Arrays.copyOf(golden, written.length), written, file);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"store-1", "store-2-early", "store-2", "store-3"})
  void goldenFilesOpen(String version) throws IOException {
    copy(version, SUPERBLOCK);
    copy(version, SEGMENT);
    try (MapStore store = MapStore.open(directory, List.of("a"), VolumeMapTest.TINY)) {
      VolumeMap map = store.open(1);
      assertEquals("replayed", Bytes.text(map.read(head -> head.get(Bytes.utf8("later"))).value()));
      assertEquals(1, map.frozenRoots().size());
      FrozenMap first = map.frozen(5);
      ExtentRef inline = ExtentRef.decode(first.get(Bytes.utf8("inline")));
      assertEquals("hello", Bytes.text(first.extentBytes(inline)));
      ExtentRef stored = ExtentRef.decode(first.get(Bytes.utf8("stored")));
      assertEquals(100, stored.offsetInside());
      assertEquals(900, stored.length());
      assertArrayEquals(Arrays.copyOfRange(STORED, 100, 1000), first.extentBytes(stored));
      MapEntry blocks = map.read(head -> head.get(Bytes.utf8("blocks")));
      assertEquals(version.equals("store-3"), blocks != null);
      if (blocks != null) {
        ExtentRef part = ExtentRef.decode(blocks).slice(5000, 50_000);
        assertArrayEquals(Arrays.copyOfRange(LONG, 5000, 55_000), map.extentBytes(part));
      }
    }
  }

  @Test
  void olderFilesBecomeOfThisVersionAndNewerOnesAreRefused() throws IOException {
    copy("store-1", SUPERBLOCK);
    copy("store-1", SEGMENT);
    Path superblock = directory.resolve(SUPERBLOCK);
    try (MapStore store = MapStore.open(directory, List.of("a"), VolumeMapTest.TINY)) {
      store.open(1);
    }
    ByteBuffer written = ByteBuffer.wrap(Files.readAllBytes(superblock));
    written.order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(3, Math.max(written.getInt(8), written.getInt(4096 + 8)));
    for (int slot = 0; slot < 2; slot++) {
      int at = slot * 4096;
      written.putInt(at + 8, 4);
      written.putInt(at + 12, crc(0x525055534e524946L, 4, written, at + 16, 4080));
    }
    Files.write(superblock, written.array());
    try (MapStore store = MapStore.open(directory, List.of("a"), VolumeMapTest.TINY)) {
      NewerFormatException refusal = assertThrows(NewerFormatException.class, () -> store.open(1));
      assertTrue(refusal.getMessage().contains("format 4"), refusal.getMessage());
    }
  }

  private void copy(String version, String file) throws IOException {
    Path target = directory.resolve(file);
    Files.createDirectories(target.getParent());
    Files.copy(GOLDENS.resolve(version).resolve(file), target);
  }

  @Test
  void superblockIsAsTheNoteSays() throws IOException {
    ByteBuffer file = read(SUPERBLOCK);
    assertEquals(8192, file.limit());
    for (int slot = 0; slot < 2; slot++) {
      int at = slot * 4096;
      assertEquals("FIRNSUPR", ascii(file, at, 8));
      assertEquals(3, file.getInt(at + 8), "version");
      assertEquals(
          crc(0x525055534e524946L, 3, file, at + 16, 4080), file.getInt(at + 12), "checksum");
      assertEquals(slot == 0 ? 2 : 1, file.getLong(at + 16), "sequence");
      assertEquals(1, file.getLong(at + 24), "volume");
      assertEquals(0x1_0000_0001L, file.getLong(at + 32), "replay segment");
      assertEquals(0, file.get(at + 112), "compression");
      assertEquals(1, file.get(at + 113), "length of the placement's name");
      assertEquals("a", ascii(file, at + 114, 1));
    }
    assertEquals(0, file.getLong(4096 + 40), "the first superblock replays from the start");
    assertEquals(1, file.getLong(4096 + 48), "LSN");
    assertEquals(0, file.getLong(4096 + 56), "no head yet");
    assertEquals(0x1_0000_0001L, file.getLong(56), "segment of the head's root");
    assertEquals(0x1_0000_0001L, file.getLong(84), "segment of the root of the snapshots");
  }

  private record Found(int at, int type, int storedLength, long lsn) {}

  @Test
  void recordsAreAsTheNoteSays() throws IOException {
    ByteBuffer file = read(SEGMENT);
    List<Found> records = new ArrayList<>();
    int at = 0;
    while (at < file.limit()) {
      assertEquals("FIRN", ascii(file, at, 4));
      int storedLength = file.getInt(at + 16);
      long lsn = file.getLong(at + 8);
      assertEquals(0, file.get(at + 5), "compression");
      assertEquals(storedLength, file.getInt(at + 20), "raw length");
      assertEquals(crc(0x1_0000_0001L, at, file, at, 36), file.getInt(at + 36), "header");
      assertEquals(
          crc(0x1_0000_0001L, lsn, file, at + 40, storedLength), file.getInt(at + 24), "payload");
      records.add(new Found(at, file.get(at + 4), storedLength, lsn));
      at += (40 + storedLength + 7) / 8 * 8;
    }
    assertEquals(
        List.of(1, 2, 4, 5, 3, 3, 6, 4, 5, 7, 2, 7, 4, 5),
        records.stream().map(Found::type).toList());
    for (int i = 0; i < records.size(); i++) {
      assertEquals(i + 1, records.get(i).lsn());
    }
    checkSegmentHead(file, records.get(0));
    checkExtent(file, records.get(1));
    checkFirstDelta(file, records.get(2), records.get(1));
    checkHeadNode(file, records.get(4), records.get(1));
    checkSnapshotsNode(file, records.get(5), records.get(4));
    assertEquals(4096, records.get(6).storedLength(), "CHECKPOINT is a superblock's slot");
    checkSecondDelta(file, records.get(7));
    assertEquals(0, records.get(10).at() % 4096, "a long write begins at a block");
    assertEquals(0, records.get(12).at() % 4096, "and ends at one");
    checkBlocks(file, records.get(12), records.get(10));
    assertEquals(
        records.get(6).lsn(),
        file.getLong(records.get(8).at() + 40),
        "durable before: all of the checkpoint");
  }

  private static void checkSegmentHead(ByteBuffer file, Found record) {
    int at = record.at() + 40;
    assertEquals(3, file.getInt(at), "version");
    assertEquals(1, file.getLong(at + 8), "volume");
    assertEquals(0, file.getLong(at + 16), "previous segment");
    assertEquals(0, file.getLong(at + 24), "its end");
  }

  private static void checkExtent(ByteBuffer file, Found record) {
    byte[] bytes = new byte[record.storedLength()];
    file.get(record.at() + 40, bytes);
    assertArrayEquals(STORED, bytes);
  }

  private static void checkFirstDelta(ByteBuffer file, Found record, Found extent) {
    int at = record.at() + 40;
    assertEquals(1, file.get(at), "PUT");
    assertEquals(6, file.getShort(at + 1), "key length");
    assertEquals(6, file.getShort(at + 3), "value length");
    assertEquals("inline", ascii(file, at + 5, 6));
    assertEquals(0, file.get(at + 11), "form inline");
    assertEquals("hello", ascii(file, at + 12, 5));
    at += 17;
    assertEquals(1, file.get(at), "PUT");
    assertEquals(40, file.getShort(at + 3), "value length");
    assertEquals("stored", ascii(file, at + 5, 6));
    checkStoredValue(file, at + 11, extent);
    at += 51;
    assertEquals(3, file.get(at), "FREEZE");
    assertEquals(5, file.getLong(at + 1), "number");
    assertEquals(5, file.getInt(at + 9), "metadata length");
    assertEquals("first", ascii(file, at + 13, 5));
    at += 18;
    assertEquals(3, file.get(at), "FREEZE");
    assertEquals(6, file.getLong(at + 1), "number");
    assertEquals("second", ascii(file, at + 13, 6));
    assertEquals(record.at() + 40 + record.storedLength(), at + 19);
  }

  private static void checkStoredValue(ByteBuffer file, int at, Found extent) {
    assertEquals(1, file.get(at), "form stored");
    checkPointer(file, at + 4, extent);
    assertEquals(100, file.getInt(at + 32), "offset inside");
    assertEquals(900, file.getInt(at + 36), "length");
  }

  private static void checkPointer(ByteBuffer file, int at, Found target) {
    assertEquals(0x1_0000_0001L, file.getLong(at), "segment");
    assertEquals(target.at(), file.getInt(at + 8), "offset");
    assertEquals(target.storedLength(), file.getInt(at + 12), "stored length");
    assertEquals(target.storedLength(), file.getInt(at + 16), "raw length");
    assertEquals(file.getInt(target.at() + 24), file.getInt(at + 20), "checksum");
    assertEquals(0, file.getInt(at + 24), "compression and padding");
  }

  private static void checkHeadNode(ByteBuffer file, Found node, Found extent) {
    int page = node.at() + 40;
    assertEquals(0, file.get(page), "leaf");
    assertEquals(2, file.getShort(page + 2), "entries");
    assertEquals(12, file.getShort(page + 4), "lowest cell: the page is packed");
    assertEquals(0, file.getShort(page + 6), "no dead bytes");
    int second = page + file.getShort(page + 10);
    assertEquals(6, file.getShort(second), "key length");
    assertEquals(40, file.getShort(second + 2), "value length");
    assertEquals("stored", ascii(file, second + 4, 6));
    checkStoredValue(file, second + 10, extent);
  }

  private static void checkSnapshotsNode(ByteBuffer file, Found node, Found root) {
    int page = node.at() + 40;
    assertEquals(2, file.getShort(page + 2), "entries");
    int first = page + file.getShort(page + 8);
    assertEquals(8, file.getShort(first), "key length");
    assertEquals(5, file.duplicate().order(ByteOrder.BIG_ENDIAN).getLong(first + 4), "number");
    checkPointer(file, first + 12, root);
    assertEquals("first", ascii(file, first + 40, 5));
  }

  private static void checkSecondDelta(ByteBuffer file, Found record) {
    int at = record.at() + 40;
    assertEquals(4, file.get(at), "DROP");
    assertEquals(6, file.getLong(at + 1));
    assertEquals(2, file.get(at + 9), "DELETE");
    assertEquals(6, file.getShort(at + 10));
    assertEquals("inline", ascii(file, at + 12, 6));
    assertEquals(1, file.get(at + 18), "PUT");
    assertEquals("later", ascii(file, at + 23, 5));
    assertEquals("replayed", ascii(file, at + 28, 8));
  }

  private static void checkBlocks(ByteBuffer file, Found delta, Found extent) {
    int at = delta.at() + 40;
    assertEquals(1, file.get(at), "PUT");
    assertEquals(40 + 17 * 4, file.getShort(at + 3), "value length");
    assertEquals("blocks", ascii(file, at + 5, 6));
    int value = at + 11;
    checkPointer(file, value + 4, extent);
    for (int i = 0; i < 17; i++) {
      int from = extent.at() + 40 + i * 4096;
      CRC32C crc = new CRC32C();
      crc.update(file.array(), from, i < 16 ? 4096 : 100);
      assertEquals((int) crc.getValue(), file.getInt(value + 40 + i * 4), "block " + i);
    }
  }

  private static ByteBuffer read(String file) throws IOException {
    byte[] bytes = Files.readAllBytes(GOLDEN.resolve(file));
    assertNotNull(bytes);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static String ascii(ByteBuffer file, int at, int length) {
    byte[] bytes = new byte[length];
    file.get(at, bytes);
    return Bytes.text(bytes);
  }

  private static int crc(long seedHigh, long seedLow, ByteBuffer file, int at, int length) {
    ByteBuffer seed = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    seed.putLong(seedHigh).putLong(seedLow);
    CRC32C crc = new CRC32C();
    crc.update(seed.array());
    crc.update(Arrays.copyOfRange(file.array(), at, at + length));
    return (int) crc.getValue();
  }
}
