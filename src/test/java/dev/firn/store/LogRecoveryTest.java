package dev.firn.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogRecoveryTest {
  private static final long VOLUME = 3;
  private static final long SEGMENT_BYTES = 4096;

  @TempDir Path directory;
  private FileSegmentStore segments;
  private RecordReader reader;

  @BeforeEach
  void open() throws IOException {
    segments = new FileSegmentStore(directory, List.of("p"));
    reader = new RecordReader(segments, 1 << 20);
  }

  private SegmentLog log(LogPosition end) throws IOException {
    return new SegmentLog(segments, VOLUME, "p", SEGMENT_BYTES, end);
  }

  private static Draft draft(RecordType type, String text) {
    byte[] payload = Bytes.utf8(text);
    return Draft.of(type, Compression.NONE, payload, payload.length);
  }

  private List<String> replay(LogPosition from) throws IOException {
    List<String> groups = new ArrayList<>();
    scan(from, groups);
    return groups;
  }

  private LogScanner.Result scan(LogPosition from, List<String> groups) throws IOException {
    return new LogScanner(segments, reader, VOLUME)
        .scan(
            from,
            deltas -> groups.add(String.join(",", deltas.stream().map(Bytes::text).toList())));
  }

  private void commitGroups(SegmentLog log, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      log.append(
          List.of(draft(RecordType.EXTENT, "x".repeat(500)), draft(RecordType.DELTA, "d" + i)));
      log.commit(List.of());
    }
  }

  @Test
  void groupsComeBackInOrderOverManySegments() throws IOException {
    commitGroups(log(LogPosition.start(VOLUME)), 50);
    List<String> groups = replay(LogPosition.start(VOLUME));
    assertEquals(50, groups.size());
    assertEquals("d49", groups.get(49));
    assertTrue(segments.list().size() > 5);
  }

  @Test
  void aGroupWithoutCommitIsDroppedAndTheLogGoesOnBehindIt() throws IOException {
    SegmentLog log = log(LogPosition.start(VOLUME));
    commitGroups(log, 2);
    log.append(List.of(draft(RecordType.DELTA, "lost")));
    List<String> groups = new ArrayList<>();
    LogScanner.Result result = scan(LogPosition.start(VOLUME), groups);
    assertEquals(List.of("d0", "d1"), groups);
    assertTrue(result.torn());
    SegmentLog next = log(result.end());
    next.append(List.of(draft(RecordType.DELTA, "new")));
    next.commit(List.of());
    assertEquals(List.of("d0", "d1", "new"), replay(LogPosition.start(VOLUME)));
  }

  /** Each place where a crash may cut the last group, and each byte of it that may be bad. */
  @Test
  void aTornLastGroupIsDroppedWhereverItIsTorn() throws IOException {
    SegmentLog log = log(LogPosition.start(VOLUME));
    commitGroups(log, 2);
    LogPosition durable = log.position();
    log.append(List.of(draft(RecordType.EXTENT, "y".repeat(200)), draft(RecordType.DELTA, "last")));
    log.commit(List.of());
    long segment = durable.segment();
    // Without the zeros that were written ahead.
    byte[] whole = new byte[(int) log.position().offset()];
    segments.read(segment, 0, ByteBuffer.wrap(whole));
    for (int at = (int) durable.offset(); at < whole.length; at++) {
      rewrite(segment, java.util.Arrays.copyOf(whole, at));
      assertEquals(List.of("d0", "d1"), replay(LogPosition.start(VOLUME)), "cut at " + at);
      byte[] flipped = whole.clone();
      flipped[at] ^= 0x10;
      rewrite(segment, flipped);
      List<String> groups = replay(LogPosition.start(VOLUME));
      // The zeros between records are nobody's.
      assertTrue(groups.size() == 2 || whole[at] == 0 && groups.size() == 3, "flip at " + at);
    }
  }

  @Test
  void damageBeforeDurableDataIsCorruption() throws IOException {
    commitGroups(log(LogPosition.start(VOLUME)), 3);
    long segment = LogPosition.firstSegment(VOLUME);
    byte[] whole = new byte[(int) segments.length(segment)];
    segments.read(segment, 0, ByteBuffer.wrap(whole));
    Random random = Seeds.random("damageBeforeDurableDataIsCorruption");
    int header = RecordFormat.recordBytes(SegmentHead.BYTES);
    for (int i = 0; i < 20; i++) {
      byte[] flipped = whole.clone();
      flipped[header + random.nextInt(RecordFormat.HEADER_BYTES)] ^=
          (byte) (1 << random.nextInt(8));
      rewrite(segment, flipped);
      assertThrows(CorruptDataException.class, () -> replay(LogPosition.start(VOLUME)));
    }
  }

  @Test
  void everyFlippedBitOfARecordIsNoticedAtRead() throws IOException {
    SegmentLog log = log(LogPosition.start(VOLUME));
    Draft extent = draft(RecordType.EXTENT, "some file bytes, all of them precious");
    log.append(List.of(extent));
    log.sync();
    RecordPointer pointer = extent.pointer();
    byte[] whole = new byte[(int) segments.length(pointer.segment())];
    segments.read(pointer.segment(), 0, ByteBuffer.wrap(whole));
    int end = pointer.offset() + RecordFormat.HEADER_BYTES + pointer.storedLength();
    for (int at = pointer.offset(); at < end; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] flipped = whole.clone();
        flipped[at] ^= (byte) (1 << bit);
        rewrite(pointer.segment(), flipped);
        assertThrows(
            CorruptDataException.class, () -> reader.read(RecordType.EXTENT, pointer), "at " + at);
      }
    }
  }

  @Test
  void aRecordAtAnotherPlaceDoesNotVerify() throws IOException {
    SegmentLog log = log(LogPosition.start(VOLUME));
    Draft first = draft(RecordType.EXTENT, "same bytes");
    Draft second = draft(RecordType.EXTENT, "same bytes");
    log.append(List.of(first, second));
    byte[] image = new byte[first.recordBytes()];
    segments.read(first.pointer().segment(), first.pointer().offset(), ByteBuffer.wrap(image));
    segments.write(second.pointer().segment(), second.pointer().offset(), ByteBuffer.wrap(image));
    assertThrows(
        CorruptDataException.class, () -> reader.read(RecordType.EXTENT, second.pointer()));
    assertEquals("same bytes", Bytes.text(reader.read(RecordType.EXTENT, first.pointer())));
  }

  @Test
  void afterAFailedWriteNothingIsWrittenAnyMore() throws IOException {
    SegmentLog log = log(LogPosition.start(VOLUME));
    commitGroups(log, 1);
    segments.delete(log.position().segment());
    assertThrows(IOException.class, () -> commitGroups(log, 1));
    assertThrows(StoreFailedException.class, () -> commitGroups(log, 1));
    assertThrows(StoreFailedException.class, log::sync);
  }

  @Test
  void theOtherSuperblockCountsWhenOneIsDamaged() throws IOException {
    Path path = directory.resolve("volume.super");
    Superblock superblock = new Superblock(path, VOLUME);
    for (long sequence = 1; sequence <= 4; sequence++) {
      superblock.write(
          new Superblock.Content(
              sequence,
              VOLUME,
              null,
              null,
              LogPosition.start(VOLUME),
              Compression.LZ4,
              "p",
              Bytes.utf8("metadata " + sequence)));
      assertEquals(sequence, superblock.read().sequence());
      assertEquals("metadata " + sequence, Bytes.text(superblock.read().metadata()));
    }
    byte[] whole = Files.readAllBytes(path);
    byte[] damaged = whole.clone();
    damaged[100] ^= 1;
    Files.write(path, damaged);
    assertEquals(3, superblock.read().sequence());
    damaged[4096 + 100] ^= 1;
    Files.write(path, damaged);
    assertThrows(CorruptDataException.class, superblock::read);
  }

  private static Superblock.Content content(long sequence, long volumeNumber) {
    return new Superblock.Content(
        sequence,
        volumeNumber,
        null,
        null,
        LogPosition.start(volumeNumber),
        Compression.LZ4,
        "p",
        Bytes.utf8("metadata"));
  }

  /** As a disk does that writes to the wrong place. */
  @Test
  void superblockOfAnotherVolumeDoesNotCount() throws IOException {
    Path path = directory.resolve("volume.super");
    Superblock superblock = new Superblock(path, VOLUME);
    superblock.write(content(1, VOLUME));
    superblock.write(content(2, VOLUME));
    new Superblock(path, VOLUME + 1).write(content(8, VOLUME + 1));
    assertEquals(1, superblock.read().sequence());
    new Superblock(path, VOLUME + 1).write(content(9, VOLUME + 1));
    assertThrows(CorruptDataException.class, superblock::read);
  }

  /** What was forced by itself, as a checkpoint's nodes are, is not taken for torn. */
  @Test
  void damageOfWhatWasForcedBeforeTheLastGroupDoesNotDropThatGroup() throws IOException {
    SegmentLog log = log(LogPosition.start(VOLUME));
    commitGroups(log, 1);
    Draft node = draft(RecordType.NODE, "a tree's node");
    log.append(List.of(node));
    log.sync();
    commitGroups(log, 1);
    RecordPointer pointer = node.pointer();
    byte[] whole = new byte[(int) segments.length(pointer.segment())];
    segments.read(pointer.segment(), 0, ByteBuffer.wrap(whole));
    byte[] flipped = whole.clone();
    flipped[pointer.offset() + RecordFormat.HEADER_BYTES] ^= 1;
    rewrite(pointer.segment(), flipped);
    assertEquals(List.of("d0", "d0"), replay(LogPosition.start(VOLUME)));
    flipped = whole.clone();
    flipped[pointer.offset()] ^= 1;
    rewrite(pointer.segment(), flipped);
    assertThrows(CorruptDataException.class, () -> replay(LogPosition.start(VOLUME)));
  }

  /** The LSNs of what a checkpoint left there come again in the segment of the next process. */
  @Test
  void lossOfTheHeadOfASegmentBegunAfterACheckpointIsCorruption() throws IOException {
    SegmentLog first = log(LogPosition.start(VOLUME));
    LogPosition replayFrom = first.commit(List.of(draft(RecordType.DELTA, "in the checkpoint")));
    List<Draft> nodes = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      nodes.add(draft(RecordType.NODE, "node"));
    }
    first.append(nodes);
    first.sync();
    SegmentLog second = log(scan(replayFrom, new ArrayList<>()).end());
    commitGroups(second, 2);
    long segment = second.position().segment();
    byte[] whole = new byte[(int) segments.length(segment)];
    segments.read(segment, 0, ByteBuffer.wrap(whole));
    assertEquals(List.of("d0", "d1"), replay(replayFrom));
    whole[0] ^= 1;
    rewrite(segment, whole);
    assertThrows(CorruptDataException.class, () -> replay(replayFrom));
  }

  @Test
  void settlingKeepsWhatWasWritten() throws IOException {
    Draft extent = draft(RecordType.EXTENT, "bytes that nobody has forced");
    log(LogPosition.start(VOLUME)).append(List.of(extent));
    segments.settle(extent.pointer().segment());
    assertEquals(
        "bytes that nobody has forced",
        Bytes.text(reader.read(RecordType.EXTENT, extent.pointer())));
  }

  @Test
  void compressionGivesBackWhatItTook() throws IOException {
    Random random = Seeds.random("compressionGivesBackWhatItTook");
    SegmentLog log = log(LogPosition.start(VOLUME));
    for (Compression compression : Compression.values()) {
      for (int i = 0; i < 50; i++) {
        byte[] bytes = new byte[random.nextInt(3000)];
        int noise = random.nextInt(bytes.length + 1);
        for (int at = 0; at < noise; at++) {
          bytes[at] = (byte) random.nextInt();
        }
        Draft draft = Draft.of(RecordType.EXTENT, compression, bytes, bytes.length);
        log.append(List.of(draft));
        assertArrayEquals(bytes, reader.read(RecordType.EXTENT, draft.pointer()));
      }
    }
    assertFalse(segments.list().isEmpty());
  }

  private void rewrite(long segment, byte[] content) throws IOException {
    Path file =
        directory
            .resolve("p")
            .resolve(String.format("%08x-%08x.seg", VOLUME, segment & 0xffffffffL));
    Files.write(file, content);
  }
}
