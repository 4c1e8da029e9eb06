package dev.firn.vfs;

import dev.firn.map.ExtentRef;
import dev.firn.map.MapEditor;
import dev.firn.map.VolumeMap;
import java.io.IOException;
import java.util.Arrays;

/** Puts file bytes into the map: as extents, inline when short, as holes where they are zero. */
final class DataPutter {
  /** Zeros become holes in units of this many bytes, aligned in the file. */
  private static final int ZERO_UNIT_BYTES = 4096;

  private static final byte[] ZEROS = new byte[ZERO_UNIT_BYTES];

  private final VolumeMap map;

  DataPutter(VolumeMap map) {
    this.map = map;
  }

  /**
   * Replaces a range of a file. The array now belongs to the map.
   *
   * @param length at most what an extent holds
   * @return by how much the file's allocated bytes grew
   */
  long put(MapEditor editor, long inode, long offset, byte[] bytes, int length) throws IOException {
    long grown = 0;
    int runStart = 0;
    boolean runIsZero = false;
    for (int position = 0; position < length; ) {
      int unitEnd =
          (int)
              Math.min(length, position + ZERO_UNIT_BYTES - (offset + position) % ZERO_UNIT_BYTES);
      boolean isZero = isZeroUnit(bytes, position, unitEnd);
      if (isZero != runIsZero && position > runStart) {
        grown += putRun(editor, inode, offset, bytes, length, runStart, position, runIsZero);
        runStart = position;
      }
      runIsZero = isZero;
      position = unitEnd;
    }
    return grown + putRun(editor, inode, offset, bytes, length, runStart, length, runIsZero);
  }

  private long putRun(
      MapEditor editor,
      long inode,
      long offset,
      byte[] bytes,
      int length,
      int from,
      int to,
      boolean isZero)
      throws IOException {
    ExtentRef extent = null;
    if (!isZero) {
      extent = extent(bytes, length, from, to);
    }
    return FileExtents.replace(editor, inode, offset + from, to - from, extent);
  }

  private ExtentRef extent(byte[] bytes, int length, int from, int to) {
    if (to - from <= ExtentRef.INLINE_BYTES_MAX) {
      return ExtentRef.inline(Arrays.copyOfRange(bytes, from, to));
    }
    boolean whole = from == 0 && to == length;
    byte[] run = whole ? bytes : Arrays.copyOfRange(bytes, from, to);
    return ExtentRef.of(map.stage(run, to - from), 0, to - from);
  }

  private static boolean isZeroUnit(byte[] bytes, int from, int to) {
    return to - from == ZERO_UNIT_BYTES
        && bytes[from] == 0
        && Arrays.mismatch(bytes, from, to, ZEROS, 0, ZERO_UNIT_BYTES) < 0;
  }
}
