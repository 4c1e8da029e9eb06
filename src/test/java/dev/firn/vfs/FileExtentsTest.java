package dev.firn.vfs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.map.ExtentRef;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The algebra of extents against an array of bytes; a zero in the array is a hole. */
class FileExtentsTest {
  private static final long INODE = 7;

  private final SortedEditor editor = new SortedEditor();

  private static ExtentRef extent(Random random, byte[] model, int from, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (1 + random.nextInt(120));
    }
    System.arraycopy(bytes, 0, model, from, length);
    return ExtentRef.inline(bytes);
  }

  /** A file of few bytes, somewhere within what offsets can be, with neighbours on both sides. */
  @ParameterizedTest
  @ValueSource(longs = {0, 1, 4095, (1L << 32) - 20, Long.MAX_VALUE - (128 << 10) - 64})
  void behaveAsAnArrayOfBytes(long base) throws IOException {
    Random random = Seeds.random("FileExtentsTest");
    byte[] model = new byte[64];
    long allocated = 0;
    FileExtents.put(editor, INODE - 1, base, ExtentRef.inline(new byte[] {99}));
    FileExtents.put(editor, INODE + 1, 0, ExtentRef.inline(new byte[] {99}));
    for (int step = 0; step < 4000; step++) {
      int from = random.nextInt(model.length);
      int length = 1 + random.nextInt(model.length - from);
      switch (random.nextInt(4)) {
        case 0, 1 -> {
          int run = Math.min(length, 1 + random.nextInt(9));
          ExtentRef extent = extent(random, model, from, run);
          allocated += FileExtents.replace(editor, INODE, base + from, run, extent);
        }
        case 2 -> {
          length = Math.min(length, 12);
          java.util.Arrays.fill(model, from, from + length, (byte) 0);
          allocated += FileExtents.replace(editor, INODE, base + from, length, null);
        }
        default -> {
          if (random.nextInt(8) == 0) {
            java.util.Arrays.fill(model, from, model.length, (byte) 0);
            allocated -= clearTailInSteps(random, base + from);
          } else {
            allocated += replaceInSteps(random, model, base, from, Math.min(length, 12));
          }
        }
      }
      check(model, base, allocated);
    }
  }

  private long clearTailInSteps(Random random, long from) throws IOException {
    long freed = 0;
    FileExtents.Step step;
    do {
      step = FileExtents.clearTail(editor, INODE, from, 1 + random.nextInt(3));
      freed += step.freedBytes();
      assertTrue(FileExtents.slices(editor, INODE, step.nextOffset(), Long.MAX_VALUE, 1).isEmpty());
    } while (step.nextOffset() > from);
    return freed;
  }

  private long replaceInSteps(Random random, byte[] model, long base, int from, int length)
      throws IOException {
    java.util.Arrays.fill(model, from, from + length, (byte) 0);
    long freed = 0;
    long end = base + from + length;
    for (long next = base + from; next < end; ) {
      FileExtents.Step step = FileExtents.clear(editor, INODE, next, end, 1 + random.nextInt(3));
      assertTrue(step.nextOffset() > next, "each step goes on");
      freed += step.freedBytes();
      next = step.nextOffset();
    }
    return -freed;
  }

  private void check(byte[] model, long base, long allocated) throws IOException {
    long end = base + model.length;
    byte[] found = new byte[model.length];
    long last = 0;
    List<FileExtents.Slice> all = FileExtents.slices(editor, INODE, 0, Long.MAX_VALUE, 1000);
    for (FileExtents.Slice slice : all) {
      assertTrue(slice.offset() >= last, "extents do not overlap");
      last = slice.end();
      byte[] bytes = inlineBytes(slice.extent());
      System.arraycopy(bytes, 0, found, (int) (slice.offset() - base), bytes.length);
    }
    assertArrayEquals(model, found);
    assertEquals(allocated, FileExtents.allocated(editor, INODE, 0, Long.MAX_VALUE));
    Inode file = new Inode(INODE);
    file.sizeBytes = end;
    for (int from = 0; from < model.length; from += 5) {
      int to = Math.min(model.length, from + 13);
      checkPart(model, base, from, to);
      checkSearch(model, base, from, file);
    }
  }

  private void checkPart(byte[] model, long base, int from, int to) throws IOException {
    byte[] part = new byte[to - from];
    for (FileExtents.Slice slice :
        FileExtents.slices(editor, INODE, base + from, base + to, 1000)) {
      byte[] bytes = inlineBytes(slice.extent());
      System.arraycopy(bytes, 0, part, (int) (slice.offset() - base - from), bytes.length);
    }
    assertArrayEquals(java.util.Arrays.copyOfRange(model, from, to), part);
  }

  private void checkSearch(byte[] model, long base, int from, Inode file) throws IOException {
    int data = from;
    while (data < model.length && model[data] == 0) {
      data++;
    }
    int hole = from;
    while (hole < model.length && model[hole] != 0) {
      hole++;
    }
    assertEquals(
        new FileExtents.Search(base + hole, true),
        FileExtents.search(editor, file, base + from, true));
    if (data < model.length) {
      assertEquals(
          new FileExtents.Search(base + data, true),
          FileExtents.search(editor, file, base + from, false));
    } else {
      NamespaceTest.assertErrno(
          Errno.ENXIO, () -> FileExtents.search(editor, file, base + from, false));
    }
  }

  /** How {@code ExtentSource} answers for inline extents: they carry their bytes. */
  private static byte[] inlineBytes(ExtentRef extent) {
    byte[] value = extent.encode();
    return java.util.Arrays.copyOfRange(value, value.length - extent.length(), value.length);
  }

  @Test
  void stepsAreBounded() throws IOException {
    for (int i = 0; i < 100; i++) {
      FileExtents.put(editor, INODE, i * 10, ExtentRef.inline(new byte[] {1, 2, 3}));
    }
    FileExtents.Step step = FileExtents.clear(editor, INODE, 0, 1000, 10);
    assertEquals(new FileExtents.Step(30, 93), step);
    step = FileExtents.clearTail(editor, INODE, 100, 10);
    assertEquals(new FileExtents.Step(30, 900), step);
    assertEquals(240, FileExtents.allocated(editor, INODE, 0, Long.MAX_VALUE));
    assertThrows(IllegalArgumentException.class, () -> ExtentRef.inline(new byte[3]).slice(1, 3));
  }
}
