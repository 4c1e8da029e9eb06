package dev.firn.vfs;

import static dev.firn.vfs.NamespaceTest.assertErrno;
import static dev.firn.vfs.TestVolume.ROOT;
import static dev.firn.vfs.TestVolume.name;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.base.Sizes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reading, writing, sizes, holes and the volume's limit. */
class FileContentTest {
  private static final int KEEP_SIZE = 1;
  private static final int PUNCH_HOLE = 2;
  private static final int ZERO_RANGE = 16;
  private static final long VOLUME_BYTES = 64 * Sizes.MIB;

  @TempDir Path directory;
  private final Random random = Seeds.random("FileContentTest");
  private TestVolume volume;
  private VolumeFileSystem files;
  private long file;

  @BeforeEach
  void createVolume() throws IOException {
    volume = new TestVolume(directory, VOLUME_BYTES, Clock.systemUTC());
    files = volume.files;
    file = volume.file(ROOT, "file");
  }

  @AfterEach
  void closeVolume() throws IOException {
    assertEquals(volume.countedBytes(), volume.usedBytes(), "used bytes are exact");
    volume.close();
  }

  private byte[] noise(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    for (int i = 0; i < length; i++) {
      bytes[i] |= 1;
    }
    return bytes;
  }

  private long size() throws IOException {
    return files.getAttributes(file).sizeBytes();
  }

  private long allocated() throws IOException {
    files.syncAll();
    return files.getAttributes(file).allocatedBytes();
  }

  private void truncate(long sizeBytes) throws IOException {
    files.setAttributes(file, SetAttributes.size(sizeBytes));
  }

  @Test
  void writtenBytesAreReadBackAtOnceAndAfterReopening() throws IOException {
    for (int length : new int[] {1, 511, 512, 513, 4096, 65_535, 65_536, 131_072, 1_000_000}) {
      byte[] bytes = noise(length);
      long inode = volume.file(ROOT, "f" + length);
      volume.write(inode, 0, bytes);
      assertArrayEquals(bytes, volume.read(inode));
      volume.reopen();
      assertArrayEquals(bytes, volume.read(inode));
      assertEquals(0, TestVolume.read(volume.files, inode, length, 10).length);
      assertEquals(1, TestVolume.read(volume.files, inode, length - 1, 10).length);
    }
    files = volume.files;
  }

  @Test
  void shortWritesThatContinueEachOtherBecomeFewExtents() throws IOException {
    byte[] bytes = noise(300_000);
    for (int offset = 0; offset < bytes.length; offset += 1000) {
      volume.write(file, offset, Arrays.copyOfRange(bytes, offset, offset + 1000));
    }
    files.syncAll();
    assertArrayEquals(bytes, volume.read(file));
    assertEquals(3, volume.map.read(v -> FileExtents.slices(v, file, 0, bytes.length, 99)).size());
  }

  @Test
  void shortAppendsWithSyncsBetweenDoNotShredTheFile() throws IOException {
    long handle = files.open(file, true);
    byte[] bytes = noise(20_000);
    for (int offset = 0; offset < bytes.length; offset += 100) {
      volume.write(file, offset, Arrays.copyOfRange(bytes, offset, offset + 100));
      files.sync(file);
    }
    assertArrayEquals(bytes, volume.read(file));
    int extents = volume.map.read(v -> FileExtents.slices(v, file, 0, bytes.length, 999)).size();
    assertTrue(extents <= 5, extents + " extents");
    files.release(handle);
  }

  @Test
  void readsSeeBufferedAndStoredBytesTogether() throws IOException {
    byte[] model = new byte[50_000];
    for (int step = 0; step < 500; step++) {
      int offset = random.nextInt(model.length - 3000);
      byte[] bytes = noise(1 + random.nextInt(3000));
      volume.write(file, offset, bytes);
      System.arraycopy(bytes, 0, model, offset, bytes.length);
      int from = random.nextInt((int) size());
      byte[] read = TestVolume.read(files, file, from, 5000);
      assertArrayEquals(Arrays.copyOfRange(model, from, (int) Math.min(from + 5000, size())), read);
      if (step % 50 == 0) {
        files.sync(file);
      }
    }
  }

  @Test
  void readingIntoADirectBufferAtAPosition() throws IOException {
    volume.write(file, 0, name("abcdef"));
    ByteBuffer target = ByteBuffer.allocateDirect(10).position(3).limit(7);
    assertEquals(4, files.read(file, 1, target));
    assertEquals(7, target.position());
    assertEquals('b', target.get(3));
    assertEquals('e', target.get(6));
  }

  @Test
  void truncateCutsAndGrowsWithZeros() throws IOException {
    byte[] bytes = noise(300_000);
    volume.write(file, 0, bytes);
    truncate(100_001);
    assertArrayEquals(Arrays.copyOf(bytes, 100_001), volume.read(file));
    truncate(200_000);
    assertArrayEquals(Arrays.copyOf(Arrays.copyOf(bytes, 100_001), 200_000), volume.read(file));
    volume.write(file, 200_000, name("tail"));
    truncate(200_002);
    assertEquals(200_002, size());
    assertEquals('a', volume.read(file)[200_001]);
    truncate(0);
    assertEquals(0, allocated());
    assertErrno(Errno.EINVAL, () -> truncate(-1));
    assertErrno(Errno.EISDIR, () -> files.setAttributes(ROOT, SetAttributes.size(0)));
  }

  @Test
  void aFileOfManyExtentsShrinksInSteps() throws IOException {
    for (int i = 0; i < 3 * FileContent.STEP_EXTENTS; i++) {
      volume.write(file, 100L * (i * 7919L % (3 * FileContent.STEP_EXTENTS)), new byte[] {1});
    }
    truncate(1000);
    assertEquals(1000, size());
    assertEquals(512, allocated());
    byte[] expected = new byte[1000];
    for (int i = 0; i < 1000; i += 100) {
      expected[i] = 1;
    }
    assertArrayEquals(expected, volume.read(file));
  }

  @Test
  void unlinkingAFileOfManyExtentsFreesAll() throws IOException {
    long other = volume.file(ROOT, "other");
    long before = volume.usedBytes();
    long many = volume.file(ROOT, "many");
    for (int i = 0; i < 3 * FileContent.STEP_EXTENTS; i++) {
      volume.write(many, 8192L * (i * 7919L % (3 * FileContent.STEP_EXTENTS)), new byte[] {1});
    }
    files.unlink(ROOT, name("many"));
    assertErrno(Errno.ENOENT, () -> files.getAttributes(many));
    files.syncAll();
    assertEquals(before, volume.usedBytes());
    assertEquals(other, volume.lookup(ROOT, "other").inode());
  }

  @Test
  void farOffsetsMakeSparseFiles() throws IOException {
    long far = 5L << 30;
    volume.write(file, far, name("beyond 4 GiB"));
    assertEquals(far + 12, size());
    assertArrayEquals(name("4 GiB"), TestVolume.read(files, file, far + 7, 100));
    assertArrayEquals(new byte[100], TestVolume.read(files, file, far - 100, 100));
    long last = FileContent.SIZE_BYTES_MAX - 1;
    volume.write(file, last, new byte[] {1});
    assertEquals(FileContent.SIZE_BYTES_MAX, size());
    assertErrno(Errno.EFBIG, () -> volume.write(file, last, new byte[] {1, 2}));
    assertErrno(Errno.EFBIG, () -> volume.write(file, Long.MAX_VALUE, new byte[] {1}));
    assertErrno(Errno.EFBIG, () -> files.allocate(file, KEEP_SIZE, last, 2));
    assertErrno(Errno.EFBIG, () -> files.allocate(file, 3, last, 2));
    assertErrno(Errno.EINVAL, () -> volume.write(file, -1, new byte[] {1}));
    assertErrno(Errno.EINVAL, () -> TestVolume.read(files, file, -1, 1));
    volume.reopen();
    files = volume.files;
    assertArrayEquals(new byte[] {1}, TestVolume.read(files, file, last, 10));
    assertArrayEquals(name("beyond"), TestVolume.read(files, file, far, 6));
  }

  /** Lengths of what lies at the very end: in a buffer, in a record, and in several records. */
  private static final int[] LAST_LENGTHS = {1, 511, 4095, 4096, 60_000, 65_536, 131_072, 300_001};

  @Test
  void theLargestFileIsWrittenAndReadUpToItsEnd() throws IOException {
    assertEquals(Long.MAX_VALUE, FileContent.SIZE_BYTES_MAX);
    for (int length : LAST_LENGTHS) {
      long offset = Long.MAX_VALUE - length;
      byte[] bytes = noise(length);
      long inode = volume.file(ROOT, "last" + length);
      volume.write(inode, offset, bytes);
      assertEquals(Long.MAX_VALUE, files.getAttributes(inode).sizeBytes());
      isAtTheEnd(files, inode, bytes);
      volume.reopen();
      files = volume.files;
      isAtTheEnd(files, inode, bytes);
      isAtTheEnd(volume.freeze(), inode, bytes);
      assertErrno(Errno.EFBIG, () -> volume.write(inode, offset, noise(length + 1)));
      assertErrno(Errno.EFBIG, () -> volume.write(inode, Long.MAX_VALUE, noise(length)));
      isAtTheEnd(files, inode, bytes);
      volume.write(inode, Long.MAX_VALUE, new byte[0]);
    }
  }

  private static void isAtTheEnd(FileSystem files, long inode, byte[] bytes) throws IOException {
    long offset = Long.MAX_VALUE - bytes.length;
    assertArrayEquals(bytes, TestVolume.read(files, inode, offset, bytes.length + 100_000));
    byte[] before = Arrays.copyOf(new byte[1000], 1000 + bytes.length);
    System.arraycopy(bytes, 0, before, 1000, bytes.length);
    assertArrayEquals(before, TestVolume.read(files, inode, offset - 1000, 1 << 20));
    assertEquals(0, TestVolume.read(files, inode, Long.MAX_VALUE, 10).length);
    assertEquals(offset, files.seek(inode, 0, false));
    assertEquals(Long.MAX_VALUE - 1, files.seek(inode, Long.MAX_VALUE - 1, false));
    assertEquals(Long.MAX_VALUE, files.seek(inode, offset, true));
    assertEquals(0, files.seek(inode, 0, true));
    assertErrno(Errno.ENXIO, () -> files.seek(inode, Long.MAX_VALUE, false));
    assertErrno(Errno.ENXIO, () -> files.seek(inode, Long.MAX_VALUE, true));
  }

  @Test
  void shortWritesContinueEachOtherUpToTheLargestFilesEnd() throws IOException {
    byte[] bytes = noise(200_000);
    for (int from = 0; from < bytes.length; from += 1000) {
      long offset = Long.MAX_VALUE - bytes.length + from;
      volume.write(file, offset, Arrays.copyOfRange(bytes, from, from + 1000));
    }
    assertErrno(Errno.EFBIG, () -> volume.write(file, Long.MAX_VALUE, new byte[1]));
    isAtTheEnd(files, file, bytes);
    // What is all zeros becomes a hole here too, but for the last unit, which is no whole one.
    volume.write(file, Long.MAX_VALUE - bytes.length, new byte[bytes.length]);
    assertTrue(allocated() <= 3 * 4096, "allocated " + allocated());
    assertArrayEquals(
        new byte[bytes.length],
        TestVolume.read(files, file, Long.MAX_VALUE - bytes.length, bytes.length));
  }

  @Test
  void theLargestFileShrinksAndGrows() throws IOException {
    truncate(Long.MAX_VALUE);
    assertEquals(Long.MAX_VALUE, size());
    assertEquals(0, allocated());
    assertErrno(Errno.ENXIO, () -> files.seek(file, 0, false));
    for (int length : LAST_LENGTHS) {
      byte[] bytes = noise(length);
      volume.write(file, Long.MAX_VALUE - length, bytes);
      for (int cut : new int[] {1, length / 3, length / 2}) {
        truncate(Long.MAX_VALUE - cut);
        assertEquals(Long.MAX_VALUE - cut, size());
        truncate(Long.MAX_VALUE);
        Arrays.fill(bytes, length - cut, length, (byte) 0);
        assertArrayEquals(
            bytes, TestVolume.read(files, file, Long.MAX_VALUE - length, length + 10));
      }
      truncate(Long.MAX_VALUE - length);
      assertEquals(0, allocated());
      truncate(Long.MAX_VALUE);
    }
    assertErrno(Errno.EINVAL, () -> truncate(Long.MIN_VALUE));
    truncate(0);
    assertEquals(0, size());
  }

  @Test
  void rangesAreAllocatedAndClearedUpToTheLargestFilesEnd() throws IOException {
    byte[] bytes = noise(300_001);
    long offset = Long.MAX_VALUE - bytes.length;
    volume.write(file, offset, bytes);
    for (int mode : new int[] {PUNCH_HOLE | KEEP_SIZE, ZERO_RANGE, ZERO_RANGE | KEEP_SIZE}) {
      volume.write(file, offset, bytes);
      files.allocate(file, mode, Long.MAX_VALUE - 50_000, 50_000);
      byte[] expected = Arrays.copyOf(Arrays.copyOf(bytes, bytes.length - 50_000), bytes.length);
      assertArrayEquals(expected, TestVolume.read(files, file, offset, 400_000));
      assertEquals(Long.MAX_VALUE - 50_000, files.seek(file, offset, true));
      assertEquals(Long.MAX_VALUE, size());
      files.allocate(file, mode, 0, Long.MAX_VALUE);
      assertEquals(0, allocated());
      assertErrno(Errno.EFBIG, () -> files.allocate(file, mode, 1, Long.MAX_VALUE));
      assertErrno(Errno.EFBIG, () -> files.allocate(file, mode, Long.MAX_VALUE, Long.MAX_VALUE));
    }
    truncate(10);
    files.allocate(file, KEEP_SIZE, Long.MAX_VALUE - 5, 5);
    assertEquals(10, size());
    files.allocate(file, ZERO_RANGE, Long.MAX_VALUE - 5, 5);
    assertEquals(Long.MAX_VALUE, size());
    truncate(10);
    files.allocate(file, 0, Long.MAX_VALUE - 5, 5);
    assertEquals(Long.MAX_VALUE, size());
    volume.write(file, 0, bytes);
    for (int mode : new int[] {0, KEEP_SIZE}) {
      assertErrno(Errno.ENOSPC, () -> files.allocate(file, mode, 0, Long.MAX_VALUE));
      assertErrno(Errno.ENOSPC, () -> files.allocate(file, mode, 1, Long.MAX_VALUE - 1));
      assertErrno(Errno.ENOSPC, () -> files.allocate(file, mode, 0, VOLUME_BYTES));
    }
  }

  @Test
  void rangesAreCopiedFromAndToTheLargestFilesEnd() throws IOException {
    byte[] bytes = noise(300_001);
    long offset = Long.MAX_VALUE - bytes.length;
    volume.write(file, offset, bytes);
    long copy = volume.file(ROOT, "copy");
    assertEquals(bytes.length, files.copyRange(file, offset, copy, 0, bytes.length));
    assertArrayEquals(bytes, volume.read(copy));
    // 10 bytes of a hole first; asked for is as much as there can be behind that offset.
    assertEquals(bytes.length + 10, files.copyRange(file, offset - 10, copy, 0, bytes.length + 10));
    assertArrayEquals(bytes, TestVolume.read(files, copy, 10, 400_000));
    assertEquals(0, files.copyRange(file, Long.MAX_VALUE, copy, 0, 0));

    long other = volume.file(ROOT, "other");
    assertEquals(1000, files.copyRange(copy, 10, other, Long.MAX_VALUE - 1000, 1000));
    assertArrayEquals(
        Arrays.copyOf(bytes, 1000), TestVolume.read(files, other, Long.MAX_VALUE - 1000, 2000));
    assertEquals(0, files.copyRange(copy, 10, other, Long.MAX_VALUE, 0));
    assertErrno(Errno.EFBIG, () -> files.copyRange(copy, 10, other, Long.MAX_VALUE - 1000, 1001));
    assertErrno(Errno.EFBIG, () -> files.copyRange(file, 1, other, 0, Long.MAX_VALUE));
    assertErrno(Errno.EFBIG, () -> files.copyRange(file, 0, other, 1, Long.MAX_VALUE));
    assertEquals(Long.MAX_VALUE, files.copyRange(file, 0, copy, 0, Long.MAX_VALUE));
    isAtTheEnd(files, copy, bytes);
    assertEquals(
        bytes.length, files.copyRange(file, offset, file, offset - bytes.length, bytes.length));
    assertErrno(
        Errno.EINVAL,
        () -> files.copyRange(file, offset, file, offset - bytes.length + 1, bytes.length));
    assertArrayEquals(bytes, TestVolume.read(files, file, offset - bytes.length, bytes.length));
  }

  @Test
  void zerosBecomeHoles() throws IOException {
    byte[] bytes = new byte[300_000];
    bytes[10] = 1;
    bytes[200_000] = 1;
    volume.write(file, 0, bytes);
    assertArrayEquals(bytes, volume.read(file));
    // Two units of 4,096 with data, and the end that is no whole unit.
    assertTrue(allocated() <= 2 * 4096 + 4096, "allocated " + allocated());
    volume.write(file, 0, new byte[100_000]);
    assertArrayEquals(Arrays.copyOf(new byte[100_000], 50), TestVolume.read(files, file, 0, 50));
  }

  @Test
  void seekFindsDataAndHoles() throws IOException {
    volume.write(file, 100_000, noise(5000));
    truncate(300_000);
    volume.write(file, 200_000, noise(10));
    assertEquals(100_000, files.seek(file, 0, false));
    assertEquals(100_500, files.seek(file, 100_500, false));
    assertEquals(105_000, files.seek(file, 100_500, true));
    assertEquals(200_000, files.seek(file, 105_000, false));
    assertEquals(200_010, files.seek(file, 200_000, true));
    assertEquals(0, files.seek(file, 0, true));
    assertErrno(Errno.ENXIO, () -> files.seek(file, 250_000, false));
    assertErrno(Errno.ENXIO, () -> files.seek(file, 300_000, true));
    assertErrno(Errno.ENXIO, () -> files.seek(file, -1, true));
    long full = volume.file("full", "all data");
    assertEquals(8, files.seek(full, 0, true));
  }

  @Test
  void allocatePunchesZeroesAndGrows() throws IOException {
    byte[] bytes = noise(100_000);
    volume.write(file, 0, bytes);
    files.allocate(file, PUNCH_HOLE | KEEP_SIZE, 10_000, 20_000);
    Arrays.fill(bytes, 10_000, 30_000, (byte) 0);
    assertArrayEquals(bytes, volume.read(file));
    files.allocate(file, ZERO_RANGE | KEEP_SIZE, 90_000, 50_000);
    Arrays.fill(bytes, 90_000, 100_000, (byte) 0);
    assertArrayEquals(bytes, volume.read(file));
    files.allocate(file, ZERO_RANGE, 90_000, 20_000);
    assertEquals(110_000, size());
    files.allocate(file, 0, 0, 120_000);
    assertEquals(120_000, size());
    files.allocate(file, KEEP_SIZE, 0, 130_000);
    assertEquals(120_000, size());
    assertArrayEquals(Arrays.copyOf(bytes, 120_000), volume.read(file));
    files.allocate(file, PUNCH_HOLE | KEEP_SIZE, 119_000, 50_000);
    assertEquals(120_000, size());
    assertArrayEquals(Arrays.copyOf(bytes, 120_000), volume.read(file));
    int collapse = 8;
    int insert = 32;
    int unshare = 64;
    for (int mode : new int[] {collapse, insert, unshare, unshare | KEEP_SIZE, 4, 256}) {
      assertErrno(Errno.EOPNOTSUPP, () -> files.allocate(file, mode, 0, 4096));
    }
    int both = PUNCH_HOLE | ZERO_RANGE | KEEP_SIZE;
    assertErrno(Errno.EOPNOTSUPP, () -> files.allocate(file, both, 0, 1));
    assertErrno(Errno.EOPNOTSUPP, () -> files.allocate(file, PUNCH_HOLE, 0, 1));
    assertErrno(Errno.EOPNOTSUPP, () -> files.allocate(file, 8, 0, 1));
    assertErrno(Errno.EINVAL, () -> files.allocate(file, 0, 0, 0));
    assertErrno(Errno.EINVAL, () -> files.allocate(file, 0, -1, 1));
    assertErrno(Errno.EFBIG, () -> files.allocate(file, 0, Long.MAX_VALUE - 5, 6));
    assertErrno(Errno.ENOSPC, () -> files.allocate(file, 0, 0, VOLUME_BYTES));
    assertErrno(Errno.EISDIR, () -> files.allocate(ROOT, 0, 0, 1));
  }

  @Test
  void copyRangeSharesExtentsAndHoles() throws IOException {
    byte[] bytes = noise(300_000);
    volume.write(file, 0, bytes);
    truncate(500_000);
    long copy = volume.file("copy", "will be replaced");
    assertEquals(490_000, files.copyRange(file, 10_000, copy, 3, 1_000_000));
    byte[] expected = Arrays.copyOf("wil".getBytes(), 490_003);
    System.arraycopy(bytes, 10_000, expected, 3, 290_000);
    assertArrayEquals(expected, volume.read(copy));
    volume.write(file, 20_000, noise(1000));
    assertArrayEquals(expected, volume.read(copy), "the copy is independent");

    assertEquals(100, files.copyRange(copy, 0, copy, 100, 100));
    System.arraycopy(expected, 0, expected, 100, 100);
    assertArrayEquals(expected, volume.read(copy));
    assertErrno(Errno.EINVAL, () -> files.copyRange(copy, 0, copy, 99, 100));
    assertEquals(0, files.copyRange(copy, 490_003, file, 0, 10));
    assertErrno(Errno.EFBIG, () -> files.copyRange(copy, 0, file, Long.MAX_VALUE - 9, 10));
    assertErrno(Errno.EISDIR, () -> files.copyRange(ROOT, 0, file, 0, 10));
    volume.reopen();
    files = volume.files;
    assertArrayEquals(expected, volume.read(copy));
  }

  @Test
  void copyRangeGoesInStepsOverManyExtents() throws IOException {
    int count = FileContent.STEP_EXTENTS + 1000;
    for (int i = 0; i < count; i++) {
      volume.write(file, 20L * (i * 7919L % count), new byte[] {1, 2, 3});
    }
    long copy = volume.file(ROOT, "copy");
    long done = 0;
    for (long part = -1; part != 0; done += part) {
      part = files.copyRange(file, done, copy, done, size() - done);
    }
    assertEquals(size(), done);
    assertArrayEquals(volume.read(file), volume.read(copy));
  }

  @Test
  void aFullVolumeAnswersEnospcAndStaysUsable() throws IOException {
    byte[] block = noise(100_000);
    long offset = 0;
    try {
      for (; ; offset += block.length) {
        volume.write(file, offset, block);
      }
    } catch (ErrnoException e) {
      assertEquals(Errno.ENOSPC, e.errno());
    }
    assertEquals(offset, size());
    assertTrue(offset > VOLUME_BYTES - 2 * block.length);
    assertTrue(files.status().freeBytes() < block.length + 4096);

    volume.write(file, 1000, block);
    volume.write(file, 5, noise(1000));
    long end = offset;
    assertErrno(Errno.ENOSPC, () -> volume.write(file, end - 1000, block));
    assertEquals(offset, size(), "what failed changed nothing");
    int small = 0;
    try {
      for (; ; small++) {
        volume.file(ROOT, "small" + small);
      }
    } catch (ErrnoException e) {
      assertEquals(Errno.ENOSPC, e.errno());
    }
    assertErrno(Errno.ENOSPC, () -> volume.directory(ROOT, "d"));
    assertErrno(Errno.ENOSPC, () -> files.setXattr(file, name("user.a"), new byte[9999], 0));
    assertErrno(Errno.ENOSPC, () -> files.copyRange(file, 0, file, offset(), 50_000));
    for (int i = 0; i < small; i++) {
      files.unlink(ROOT, name("small" + i));
    }
    files.setXattr(file, name("user.a"), new byte[9], 0);
    files.unlink(ROOT, name("file"));
    assertTrue(files.status().freeBytes() > VOLUME_BYTES - 1024 * 1024);
    file = volume.file("again", "works");
    assertEquals("works", volume.text(file));
  }

  private long offset() throws IOException {
    return size();
  }

  @Test
  void shortWritesFillAVolumeToItsEnd() throws IOException {
    files.resize(Sizes.MIB);
    byte[] bytes = noise(1000);
    long offset = 0;
    try {
      for (; ; offset += bytes.length) {
        volume.write(file, offset, bytes);
      }
    } catch (ErrnoException e) {
      assertEquals(Errno.ENOSPC, e.errno());
    }
    assertTrue(offset > Sizes.MIB - 8192, "wrote " + offset);
    for (long again = 0; again < offset; again += 5000) {
      volume.write(file, again, bytes);
    }
    assertEquals(offset, size());
  }

  @Test
  void resizeAppliesAtOnceAndRefusesToCutData() throws IOException {
    volume.write(file, 0, noise(2 << 20));
    files.resize(3 * Sizes.MIB);
    assertEquals(3 * Sizes.MIB, files.status().totalBytes());
    assertErrno(Errno.ENOSPC, () -> volume.write(file, 2 << 20, noise(2 << 20)));
    var refused =
        org.junit.jupiter.api.Assertions.assertThrows(
            dev.firn.base.FirnException.class, () -> files.resize(Sizes.MIB));
    assertEquals(dev.firn.base.ErrorKind.CONFLICT, refused.kind());
    files.resize(5 * Sizes.MIB);
    volume.write(file, 2 << 20, noise(2 << 20));
  }

  @Test
  void contentOperationsMindTypes() throws IOException {
    assertErrno(Errno.EISDIR, () -> volume.write(ROOT, 0, new byte[1]));
    assertErrno(Errno.EISDIR, () -> TestVolume.read(files, ROOT, 0, 1));
    assertErrno(Errno.ENOENT, () -> volume.write(99, 0, new byte[1]));
    assertErrno(Errno.ENOENT, () -> volume.write(99, 0, new byte[0]));
  }

  @Test
  void aFreezeHoldsAllThatWasWrittenBefore() throws IOException {
    volume.write(file, 0, name("before"));
    FrozenFileSystem frozen = volume.freeze();
    volume.write(file, 0, name("after!!"));
    files.unlink(ROOT, name("file"));
    Attributes found = frozen.lookup(ROOT, name("file"));
    assertEquals(6, found.sizeBytes());
    assertArrayEquals(name("before"), TestVolume.read(frozen, file, 0, 100));
    assertErrno(Errno.EROFS, () -> frozen.open(file, true));
    assertErrno(Errno.EROFS, () -> frozen.write(file, 0, ByteBuffer.allocate(1)));
    assertErrno(Errno.EROFS, () -> frozen.unlink(ROOT, name("file")));
    assertErrno(Errno.ENXIO, () -> frozen.seek(file, 6, false));
    assertEquals(6, frozen.seek(file, 0, true));
    frozen.release(frozen.open(file, false));
  }

  /**
   * The frame has other bytes than are written: so what is read says which of the two were stored.
   */
  @ParameterizedTest
  @ValueSource(ints = {20_000, 65_536, 131_072})
  void whatIsPackedIsStoredAsItIs(int length) throws IOException {
    byte[] written = Bytes.utf8("firn ".repeat(length / 5 + 1)).clone();
    byte[] packed = Bytes.utf8("névé ".repeat(length / 6 + 1));
    ByteBuffer frame = ByteBuffer.wrap(Zstd.compress(Arrays.copyOf(packed, length)));

    files.write(
        file,
        131_072,
        ByteBuffer.wrap(written, 0, length),
        (from, count) -> from == 0 && count == length ? frame.duplicate() : null);
    files.sync(file);

    ByteBuffer read = ByteBuffer.allocate(length);
    assertEquals(length, files.read(file, 131_072, read));
    assertArrayEquals(Arrays.copyOf(packed, length), read.array());
  }

  @Test
  void framesThatAreNotShorterAreLeft() throws IOException {
    byte[] noise = noise(131_072);
    ByteBuffer frame = ByteBuffer.wrap(Zstd.compress(noise(131_072)));

    files.write(file, 0, ByteBuffer.wrap(noise), (from, count) -> frame.duplicate());

    ByteBuffer read = ByteBuffer.allocate(noise.length);
    assertEquals(noise.length, files.read(file, 0, read));
    assertArrayEquals(noise, read.array());
  }
}
