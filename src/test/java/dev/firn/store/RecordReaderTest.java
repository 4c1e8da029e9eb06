package dev.firn.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordReaderTest {
  private static final int[] LENGTHS = {1, 63, 4095, 4096, 4097, 20_000, 100_001, 131_072};

  @TempDir Path directory;

  private final Random random = Seeds.random("RecordReaderTest");

  private byte[] content(int length, boolean dense) {
    if (!dense) {
      return Arrays.copyOf(Bytes.utf8("firn ".repeat(length / 5 + 1)), length);
    }
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /** In native memory and in an array, in one run of records. */
  private List<Draft> append(SegmentStore segments, List<byte[]> contents) throws IOException {
    SegmentLog log = new SegmentLog(segments, 1, "p", 256 << 20, LogPosition.start(1));
    List<Draft> drafts = new ArrayList<>();
    for (byte[] content : contents) {
      for (Compression compression : Compression.values()) {
        drafts.add(Draft.of(RecordType.EXTENT, compression, content, content.length));
        ByteBuffer outside = ByteBuffer.allocateDirect(content.length + 2);
        outside.put(1, content).limit(content.length + 1).position(1);
        drafts.add(Draft.of(RecordType.EXTENT, compression, outside));
      }
    }
    log.append(drafts);
    return drafts;
  }

  /** With the checksums of its blocks as they come back from where they are kept. */
  private static byte[] read(RecordReader reader, Draft draft, int from, int length, boolean direct)
      throws IOException {
    return read(reader, draft, kept(draft), from, length, direct);
  }

  private static BlockChecksums kept(Draft draft) {
    if (draft.blocks() == null) {
      return null;
    }
    int rawLength = draft.pointer().rawLength();
    byte[] encoded = new byte[3 + BlockChecksums.encodedBytes(rawLength)];
    draft.blocks().encode(encoded, 3);
    return BlockChecksums.decode(encoded, 3, rawLength);
  }

  private static byte[] read(
      RecordReader reader, Draft draft, BlockChecksums blocks, int from, int length, boolean direct)
      throws IOException {
    ByteBuffer target = direct ? ByteBuffer.allocateDirect(length) : ByteBuffer.allocate(length);
    reader.readExtent(draft.pointer(), blocks, from, target);
    assertEquals(length, target.position());
    byte[] bytes = new byte[length];
    target.flip().get(bytes);
    return bytes;
  }

  @Test
  void anyPartComesBackInAnyOrder() throws IOException {
    List<byte[]> contents = new ArrayList<>();
    for (int length : LENGTHS) {
      contents.add(content(length, true));
      contents.add(content(length, false));
    }
    try (FileSegmentStore segments = new FileSegmentStore(directory, List.of("p"))) {
      List<Draft> drafts = append(segments, contents);
      int perContent = drafts.size() / contents.size();
      RecordReader reader = new RecordReader(segments, 1 << 20);
      for (int step = 0; step < 5000; step++) {
        int index = random.nextInt(drafts.size());
        byte[] content = contents.get(index / perContent);
        int from = random.nextInt(4) == 0 ? 0 : random.nextInt(content.length);
        int length =
            random.nextInt(4) == 0
                ? content.length - from
                : random.nextInt(content.length - from + 1);
        Draft draft = drafts.get(index);
        BlockChecksums blocks = random.nextInt(4) == 0 ? null : kept(draft);
        assertArrayEquals(
            Arrays.copyOfRange(content, from, from + length),
            read(reader, draft, blocks, from, length, random.nextBoolean()),
            "draft " + index + " from " + from + " length " + length);
      }
    }
  }

  @Test
  void aBlockThatChangedIsNoticedByWhoReadsIt() throws IOException {
    byte[] content = content(131_072, true);
    try (FileSegmentStore segments = new FileSegmentStore(directory, List.of("p"))) {
      Draft draft = append(segments, List.of(content)).get(0);
      RecordReader reader = new RecordReader(segments, 1 << 20);
      reader.verifyExtent(draft.pointer(), kept(draft));
      int flipped = random.nextInt(content.length);
      flip(draft.pointer(), flipped);
      int block = flipped / 4096 * 4096;
      assertThrows(CorruptDataException.class, () -> read(reader, draft, block + 1, 4095, true));
      assertThrows(CorruptDataException.class, () -> read(reader, draft, block, 4096, false));
      assertThrows(CorruptDataException.class, () -> read(reader, draft, 0, content.length, true));
      assertThrows(CorruptDataException.class, () -> read(reader, draft, null, block, 4096, true));
      assertThrows(
          CorruptDataException.class, () -> reader.verifyExtent(draft.pointer(), kept(draft)));
      int other = block == 0 ? 4096 : 0;
      assertArrayEquals(
          Arrays.copyOfRange(content, other, other + 4096), read(reader, draft, other, 4096, true));
    }
  }

  @Test
  void onlyWhatIsStoredAsItIsAndLongHasBlocks() throws IOException {
    List<byte[]> contents = List.of(content(4096, true), content(4097, true), content(4097, false));
    try (FileSegmentStore segments = new FileSegmentStore(directory, List.of("p"))) {
      for (Draft draft : append(segments, contents)) {
        boolean expected =
            draft.pointer().rawLength() > 4096 && draft.pointer().compression() == Compression.NONE;
        assertEquals(expected, draft.blocks() != null, draft.pointer().toString());
      }
    }
    Draft another = Draft.of(RecordType.NODE, Compression.NONE, contents.get(1), 4097);
    try (FileSegmentStore segments = new FileSegmentStore(directory, List.of("p"))) {
      new SegmentLog(segments, 2, "p", 256 << 20, LogPosition.start(2)).append(List.of(another));
    }
    assertNull(another.blocks());
  }

  @Test
  void blocksThatAreNotTheRecordsAreNoticed() throws IOException {
    byte[] content = content(20_000, true);
    try (FileSegmentStore segments = new FileSegmentStore(directory, List.of("p"))) {
      Draft draft = append(segments, List.of(content)).get(0);
      content[random.nextInt(content.length)] ^= 1;
      BlockChecksums others = BlockChecksums.of(ByteBuffer.wrap(content));
      RecordReader reader = new RecordReader(segments, 1 << 20);
      assertThrows(CorruptDataException.class, () -> reader.verifyExtent(draft.pointer(), others));
    }
  }

  /** As many at once as lie one behind the other, and never another's bytes. */
  @Test
  void wholeRecordsComeSeveralAtOnce() throws IOException {
    List<byte[]> contents = new ArrayList<>();
    List<RecordPointer> pointers = new ArrayList<>();
    try (FileSegmentStore segments = new FileSegmentStore(directory, List.of("p"))) {
      SegmentLog log = new SegmentLog(segments, 1, "p", 1 << 20, LogPosition.start(1));
      for (int group = 0; group < 10; group++) {
        List<Draft> drafts = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
          byte[] content = content((16 << 10) + random.nextInt(100_000), true);
          contents.add(content);
          drafts.add(Draft.of(RecordType.EXTENT, Compression.NONE, content, content.length));
        }
        log.append(drafts);
        drafts.forEach(draft -> pointers.add(draft.pointer()));
      }
      RecordReader reader = new RecordReader(segments, 1 << 20);
      int calls = 0;
      for (int next = 0; next < pointers.size(); calls++) {
        next += checkInPlace(reader, contents, pointers, next);
      }
      // Where groups meet depends on their lengths: only long ones are padded to whole blocks.
      int rows = rows(pointers);
      assertEquals(rows, calls);
      assertTrue(rows < pointers.size() / 2, rows + " rows");

      int damaged = random.nextInt(pointers.size());
      flip(pointers.get(damaged), random.nextInt(contents.get(damaged).length));
      int first = Math.max(0, damaged - random.nextInt(3));
      assertThrows(
          CorruptDataException.class,
          () -> {
            for (int next = first; next <= damaged; ) {
              next += checkInPlace(reader, contents, pointers, next);
            }
          });
    }
  }

  /** How many rows of records there are that touch. */
  private static int rows(List<RecordPointer> pointers) {
    int rows = 0;
    long segment = -1;
    int end = -1;
    for (RecordPointer pointer : pointers) {
      if (pointer.segment() != segment || pointer.offset() != end) {
        rows++;
      }
      segment = pointer.segment();
      end = pointer.offset() + RecordFormat.recordBytes(pointer.storedLength());
    }
    return rows;
  }

  private int checkInPlace(
      RecordReader reader, List<byte[]> contents, List<RecordPointer> pointers, int first)
      throws IOException {
    ByteBuffer target = ByteBuffer.allocateDirect(8 << 20).position(3);
    int count = reader.readInPlace(pointers.subList(first, pointers.size()), target);
    target.flip().position(3);
    for (byte[] content : contents.subList(first, first + count)) {
      byte[] bytes = new byte[content.length];
      target.get(bytes);
      assertArrayEquals(content, bytes);
    }
    assertFalse(target.hasRemaining());
    return count;
  }

  private void flip(RecordPointer pointer, int index) throws IOException {
    Path file =
        directory
            .resolve("p")
            .resolve(String.format("%08x-%08x.seg", 1, pointer.segment() & 0xffffffffL));
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long at = pointer.offset() + RecordFormat.HEADER_BYTES + (long) index;
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, at);
      one.put(0, (byte) (one.get(0) ^ 1 << random.nextInt(8))).flip();
      channel.write(one, at);
    }
  }
}
