package dev.firn.vfs;

import dev.firn.map.ExtentRef;
import dev.firn.map.FileRun;
import dev.firn.map.MapEditor;
import dev.firn.map.VolumeMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Puts file bytes into the map: as extents, inline when short, as holes where they are zero. */
final class DataPutter {
  /** Zeros become holes in units of this many bytes, aligned in the file. */
  private static final int ZERO_UNIT_BYTES = 4096;

  private final VolumeMap map;

  DataPutter(VolumeMap map) {
    this.map = map;
  }

  /** A part of a file that one extent, or a hole where that is null, takes the place of. */
  record Run(long offset, int length, ExtentRef extent) {}

  /** Bytes that become one extent, from index {@code from} of what was cut; or zeros. */
  private record Piece(int from, int length, boolean isZero) {}

  /**
   * Replaces a range of a file. The array now belongs to the map.
   *
   * @param length at most what an extent holds
   * @param frame of all the bytes, if they are packed already; else null
   * @return by how much the file's allocated bytes grew
   */
  long put(MapEditor editor, long inode, long offset, byte[] bytes, int length, ByteBuffer frame)
      throws IOException {
    long grown = 0;
    List<Piece> pieces = cut(offset, ByteBuffer.wrap(bytes, 0, length));
    ByteBuffer usable = pieces.size() == 1 ? frame : null;
    for (Piece piece : pieces) {
      ExtentRef extent = piece.isZero() ? null : extent(bytes, piece, usable);
      grown += FileExtents.replace(editor, inode, offset + piece.from(), piece.length(), extent);
    }
    return grown;
  }

  private ExtentRef extent(byte[] bytes, Piece piece, ByteBuffer frame) {
    int length = piece.length();
    boolean whole = piece.from() == 0 && length >= bytes.length - bytes.length / 4;
    byte[] run = whole ? bytes : Arrays.copyOfRange(bytes, piece.from(), piece.from() + length);
    if (length <= ExtentRef.INLINE_BYTES_MAX) {
      return ExtentRef.inline(run.length == length ? run : Arrays.copyOf(run, length));
    }
    return ExtentRef.of(map.stage(run, length, frame), 0, length);
  }

  /**
   * Writes a range's bytes, of any number, to the disk, so that {@link #put(MapEditor, long, List)}
   * has only references left to put. Needs no lock.
   *
   * @param source from position to limit; native memory saves a copy
   */
  List<Run> store(long offset, ByteBuffer source, PackedParts packed) throws IOException {
    List<Piece> pieces = cut(offset, source);
    List<FileRun> records = new ArrayList<>(pieces.size());
    for (Piece piece : pieces) {
      if (isRecord(piece)) {
        records.add(
            new FileRun(
                source.slice(source.position() + piece.from(), piece.length()),
                packed.frame(piece.from(), piece.length())));
      }
    }
    List<ExtentRef> stored = map.store(records);
    List<Run> runs = new ArrayList<>(pieces.size());
    int next = 0;
    for (Piece piece : pieces) {
      ExtentRef extent = null;
      if (isRecord(piece)) {
        extent = stored.get(next++);
      } else if (!piece.isZero()) {
        byte[] bytes = new byte[piece.length()];
        source.get(source.position() + piece.from(), bytes);
        extent = ExtentRef.inline(bytes);
      }
      runs.add(new Run(offset + piece.from(), piece.length(), extent));
    }
    return runs;
  }

  private static boolean isRecord(Piece piece) {
    return !piece.isZero() && piece.length() > ExtentRef.INLINE_BYTES_MAX;
  }

  /**
   * Replaces a range of a file by what was stored for it.
   *
   * @return by how much the file's allocated bytes grew
   */
  long put(MapEditor editor, long inode, List<Run> runs) throws IOException {
    long grown = 0;
    for (Run run : runs) {
      grown += FileExtents.replace(editor, inode, run.offset(), run.length(), run.extent());
    }
    return grown;
  }

  /** Cuts a range where an extent must end, and where zeros begin and end. */
  private static List<Piece> cut(long offset, ByteBuffer source) {
    List<Piece> pieces = new ArrayList<>();
    int length = source.remaining();
    int start = 0;
    int extentEnd = 0;
    boolean startIsZero = false;
    for (int from = 0; from < length; ) {
      int to = (int) Math.min(length, from + ZERO_UNIT_BYTES - (offset + from) % ZERO_UNIT_BYTES);
      boolean isZero = isZeroUnit(source, from, to);
      if (from == extentEnd || isZero != startIsZero) {
        if (from > start) {
          pieces.add(new Piece(start, from - start, startIsZero));
        }
        start = from;
        startIsZero = isZero;
        extentEnd = from + WriteBuffer.roomAt(offset + from);
      }
      from = to;
    }
    if (length > start) {
      pieces.add(new Piece(start, length - start, startIsZero));
    }
    return pieces;
  }

  private static boolean isZeroUnit(ByteBuffer source, int from, int to) {
    if (to - from != ZERO_UNIT_BYTES) {
      return false;
    }
    int base = source.position();
    for (int index = from; index < to; index += Long.BYTES) {
      if (source.getLong(base + index) != 0) {
        return false;
      }
    }
    return true;
  }
}
