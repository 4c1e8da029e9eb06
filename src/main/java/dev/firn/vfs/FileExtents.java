package dev.firn.vfs;

import dev.firn.map.ExtentRef;
import dev.firn.map.MapCursor;
import dev.firn.map.MapEditor;
import dev.firn.map.MapEntry;
import dev.firn.map.MapView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The algebra of a file's extents. Invariants: extents do not overlap, none is empty, and where
 * there is none is a hole. Extents that are cut keep pointing into their record.
 */
final class FileExtents {
  private static final int BATCH_EXTENTS = 1024;

  private FileExtents() {}

  /** A part of a file that has data. */
  record Slice(long offset, ExtentRef extent) {
    long end() {
      return offset + extent.length();
    }
  }

  /**
   * What a bounded step did.
   *
   * @param freedBytes data bytes that became a hole
   * @param nextOffset where the next step goes on; the range's other end when all is done
   */
  record Step(long freedBytes, long nextOffset) {}

  /** How far a bounded search came: at its goal if {@code found}. */
  record Search(long offset, boolean found) {}

  /**
   * Puts an extent (null: a hole) in place of all that was in a range.
   *
   * @return by how much the file's allocated bytes grew; negative when they shrank
   */
  static long replace(MapEditor editor, long inode, long offset, long length, ExtentRef extent)
      throws IOException {
    long freed = 0;
    long end = offset + length;
    for (long next = offset; next < end; ) {
      // What is put at the start replaces what begins there.
      boolean replaced = extent != null && next == offset;
      Step step = clear(editor, inode, next, end, BATCH_EXTENTS, replaced);
      freed += step.freedBytes();
      next = step.nextOffset();
    }
    if (extent == null) {
      return -freed;
    }
    put(editor, inode, offset, extent);
    return extent.length() - freed;
  }

  /** Makes a hole of a range, from its start on, cutting at most so many extents. */
  static Step clear(MapEditor editor, long inode, long from, long to, int extentsMax)
      throws IOException {
    return clear(editor, inode, from, to, extentsMax, false);
  }

  /** As above; {@code firstStays} leaves an extent that begins at the start for the next put. */
  private static Step clear(
      MapEditor editor, long inode, long from, long to, int extentsMax, boolean firstStays)
      throws IOException {
    List<MapEntry> entries = overlapping(editor, inode, from, to, extentsMax);
    long freed = 0;
    long reached = from;
    for (MapEntry entry : entries) {
      long start = Keys.numberOf(entry.key());
      ExtentRef extent = ExtentRef.decode(entry);
      long end = start + extent.length();
      if (start < from) {
        put(editor, inode, start, extent.slice(0, (int) (from - start)));
      } else if (start > from || !firstStays) {
        editor.delete(entry.key());
      }
      if (end > to) {
        put(editor, inode, to, extent.slice((int) (to - start), (int) (end - to)));
      }
      freed += Math.min(end, to) - Math.max(start, from);
      reached = Math.min(end, to);
    }
    return new Step(freed, entries.size() < extentsMax ? to : reached);
  }

  /**
   * Makes a hole of all behind an offset, from the end of the file on, cutting at most so many
   * extents: there is no data at or behind the answer's {@code nextOffset}.
   */
  static Step clearTail(MapEditor editor, long inode, long from, int extentsMax)
      throws IOException {
    long freed = 0;
    long reached = from;
    for (int count = 0; ; count++) {
      MapEntry entry = editor.floor(Keys.extent(inode, Long.MAX_VALUE));
      if (entry == null || !Keys.is(entry.key(), inode, Keys.EXTENT)) {
        return new Step(freed, from);
      }
      long start = Keys.numberOf(entry.key());
      ExtentRef extent = ExtentRef.decode(entry);
      long end = start + extent.length();
      if (end <= from) {
        return new Step(freed, from);
      }
      if (count == extentsMax) {
        return new Step(freed, reached);
      }
      reached = Math.max(start, from);
      freed += end - reached;
      if (start < from) {
        put(editor, inode, start, extent.slice(0, (int) (from - start)));
      } else {
        editor.delete(entry.key());
      }
    }
  }

  /** The data in a range, cut to it, ascending; the first {@code slicesMax} at most. */
  static List<Slice> slices(MapView view, long inode, long from, long to, int slicesMax)
      throws IOException {
    List<MapEntry> entries = overlapping(view, inode, from, to, slicesMax);
    List<Slice> slices = new ArrayList<>(entries.size());
    for (MapEntry entry : entries) {
      long start = Keys.numberOf(entry.key());
      ExtentRef extent = ExtentRef.decode(entry);
      long end = start + extent.length();
      if (start < from || end > to) {
        long first = Math.max(start, from);
        extent = extent.slice((int) (first - start), (int) (Math.min(end, to) - first));
        start = first;
      }
      slices.add(new Slice(start, extent));
    }
    return slices;
  }

  /** How many bytes of a range are data. */
  static long allocated(MapView view, long inode, long from, long to) throws IOException {
    long bytes = 0;
    for (long next = from; next < to; ) {
      List<Slice> slices = slices(view, inode, next, to, BATCH_EXTENTS);
      for (Slice slice : slices) {
        bytes += slice.extent().length();
      }
      next = slices.size() < BATCH_EXTENTS ? to : slices.get(slices.size() - 1).end();
    }
    return bytes;
  }

  /**
   * Looks for the first data (or hole) at or behind an offset, as lseek(2) does; a search for a
   * hole passes so many extents only, and may have to go on.
   */
  static Search search(MapView view, Inode file, long offset, boolean hole) throws IOException {
    if (offset < 0 || offset >= file.sizeBytes) {
      throw new ErrnoException(Errno.ENXIO);
    }
    List<Slice> slices =
        slices(view, file.number, offset, file.sizeBytes, hole ? BATCH_EXTENTS : 1);
    if (!hole) {
      if (slices.isEmpty()) {
        throw new ErrnoException(Errno.ENXIO);
      }
      return new Search(slices.get(0).offset(), true);
    }
    long next = offset;
    for (Slice slice : slices) {
      if (slice.offset() > next) {
        return new Search(next, true);
      }
      next = slice.end();
    }
    return new Search(next, slices.size() < BATCH_EXTENTS || next == file.sizeBytes);
  }

  /** Puts an extent where there is a hole. */
  static void put(MapEditor editor, long inode, long offset, ExtentRef extent) throws IOException {
    editor.put(Keys.extent(inode, offset), extent.encode(), extent.pending());
  }

  private static List<MapEntry> overlapping(
      MapView view, long inode, long from, long to, int entriesMax) throws IOException {
    if (from >= to) {
      return List.of();
    }
    // One search answers the two commonest cases: nothing there, and one extent for all.
    MapEntry last = view.floor(Keys.extent(inode, to - 1));
    if (!endsBehind(last, inode, from)) {
      return List.of();
    }
    if (Keys.numberOf(last.key()) <= from) {
      return List.of(last);
    }
    MapEntry first = view.floor(Keys.extent(inode, from));
    MapCursor cursor =
        view.cursor(endsBehind(first, inode, from) ? first.key() : Keys.extent(inode, from));
    List<MapEntry> entries = new ArrayList<>();
    while (entries.size() < entriesMax && cursor.next()) {
      byte[] key = cursor.key();
      if (!Keys.is(key, inode, Keys.EXTENT) || Keys.numberOf(key) >= to) {
        break;
      }
      entries.add(cursor.entry());
    }
    return entries;
  }

  private static boolean endsBehind(MapEntry entry, long inode, long offset) throws IOException {
    return entry != null
        && Keys.is(entry.key(), inode, Keys.EXTENT)
        && Keys.numberOf(entry.key()) + ExtentRef.decode(entry).length() > offset;
  }
}
