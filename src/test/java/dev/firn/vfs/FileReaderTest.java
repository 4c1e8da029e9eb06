package dev.firn.vfs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.firn.map.ExtentRef;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class FileReaderTest {
  private static final int EXTENT_BYTES = 4;

  /** The file: a hole, three extents, a hole, one extent, a hole. */
  private static final long[] OFFSETS = {4, 8, 12, 20};

  private static final int FILE_BYTES = 28;

  private final List<ExtentRef> extents = new ArrayList<>();
  private final List<Integer> runs = new ArrayList<>();

  private List<FileExtents.Slice> slices() {
    List<FileExtents.Slice> slices = new ArrayList<>();
    for (int i = 0; i < OFFSETS.length; i++) {
      byte[] bytes = new byte[EXTENT_BYTES];
      Arrays.fill(bytes, (byte) (i + 1));
      extents.add(ExtentRef.inline(bytes));
      slices.add(new FileExtents.Slice(OFFSETS[i], extents.get(i)));
    }
    return slices;
  }

  /** Reads at most two at once. */
  private FileReader.ExtentSource source(ExtentRef unreadable) {
    return (run, target) -> {
      runs.add(run.size());
      int count = Math.min(2, run.size());
      int limit = target.limit();
      for (ExtentRef extent : run.subList(0, count)) {
        if (extent == unreadable) {
          target.limit(target.position());
          throw new IOException("unreadable");
        }
        for (int i = 0; i < EXTENT_BYTES; i++) {
          target.put((byte) (extents.indexOf(extent) + 1));
        }
      }
      target.limit(limit);
      return count;
    };
  }

  private byte[] read(FileReader.ExtentSource source, List<FileExtents.Slice> slices)
      throws IOException {
    ByteBuffer target = ByteBuffer.allocate(FILE_BYTES);
    FileReader.fill(source, 5, () -> "/file", slices, 0, FILE_BYTES, target);
    assertEquals(FILE_BYTES, target.position());
    return target.array();
  }

  @Test
  void extentsBetweenHolesAreReadTogether() throws IOException {
    List<FileExtents.Slice> slices = slices();
    byte[] expected = new byte[FILE_BYTES];
    for (int i = 0; i < OFFSETS.length; i++) {
      Arrays.fill(expected, (int) OFFSETS[i], (int) OFFSETS[i] + EXTENT_BYTES, (byte) (i + 1));
    }
    assertArrayEquals(expected, read(source(null), slices));
    assertEquals(List.of(3, 1, 1), runs);
  }

  @Test
  void whichOfThemIsUnreadableIsTold() {
    List<FileExtents.Slice> slices = slices();
    for (int i = 0; i < OFFSETS.length; i++) {
      FileReader.ExtentSource source = source(extents.get(i));
      UnreadableException told =
          assertThrows(UnreadableException.class, () -> read(source, slices));
      assertEquals(OFFSETS[i], told.offset());
    }
  }
}
