package dev.firn.vfs;

import dev.firn.map.ExtentRef;
import dev.firn.map.FrozenMap;
import dev.firn.map.MapEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Tells which ranges of a disk differ between two roots. The work follows the number of changes:
 * subtrees that both share are not read, and no data is. Two disks that share none are compared
 * extent by extent.
 *
 * <p>Keys that differ say where to look: a write into an extent cuts it, which changes the keys
 * beside it, too. What counts there is whether both roots find the same bytes of the same record.
 * So a range that was written is told even if it had the same bytes before. Used once, by one
 * thread.
 */
public final class DiskDiff {
  /** How much is looked at in one piece, which bounds memory. */
  private static final long PIECE_BYTES = 64 << 20;

  /** Is told what differs, in ascending order; neighbours are joined. */
  @FunctionalInterface
  public interface Visitor {
    /** A range in which each byte may differ. */
    void changed(long offset, long length) throws IOException;
  }

  private final FrozenMap before;
  private final FrozenMap after;
  private final long beforeInode;
  private final long afterInode;
  private final long sizeBytes;
  private final Visitor visitor;

  /** Where keys differ that were not looked at yet; empty if the ends are equal. */
  private long suspectFrom;

  private long suspectTo;

  /** What differs and was not told yet. */
  private long changedFrom;

  private long changedTo;

  private DiskDiff(FrozenMap before, FrozenMap after, Visitor visitor) throws IOException {
    this.before = before;
    this.after = after;
    this.visitor = visitor;
    this.beforeInode = Disk.inode(before);
    this.afterInode = Disk.inode(after);
    this.sizeBytes = Disk.sizeBytes(after);
    if (beforeInode == 0 || afterInode == 0) {
      throw new IOException("a root that holds no disk cannot be compared as one");
    }
  }

  /** Compares the disks of two roots, as far as the later one reaches. */
  public static void run(FrozenMap before, FrozenMap after, Visitor visitor) throws IOException {
    new DiskDiff(before, after, visitor).run();
  }

  private void run() throws IOException {
    if (beforeInode == afterInode) {
      FrozenMap.diff(before, after, this::keyChanged);
    } else {
      // Keys have the inode in them: not one is the same.
      suspectTo = Math.max(sizeBytes, Disk.sizeBytes(before));
    }
    look();
    tell();
  }

  private void keyChanged(MapEntry old, MapEntry now) throws IOException {
    byte[] key = old != null ? old.key() : now.key();
    if (!Keys.is(key, afterInode, Keys.EXTENT)) {
      return;
    }
    long from = Keys.numberOf(key);
    long to = from + Math.max(length(old), length(now));
    if (from > suspectTo) {
      look();
      suspectFrom = from;
      suspectTo = to;
    } else {
      suspectTo = Math.max(suspectTo, to);
    }
  }

  private static int length(MapEntry entry) throws IOException {
    return entry == null ? 0 : ExtentRef.decode(entry).length();
  }

  /** Compares what both have in the suspected range. */
  private void look() throws IOException {
    long end = Math.min(suspectTo, sizeBytes);
    for (long from = suspectFrom; from < end; from += PIECE_BYTES) {
      look(from, Math.min(end, from + PIECE_BYTES));
    }
  }

  private void look(long from, long to) throws IOException {
    Side old = new Side(slices(before, beforeInode, from, to), to);
    Side now = new Side(slices(after, afterInode, from, to), to);
    for (long at = from; at < to; ) {
      long next = Math.min(old.boundaryBehind(at), now.boundaryBehind(at));
      if (!isSame(old.part(at, next), now.part(at, next))) {
        add(at, next);
      }
      at = next;
    }
  }

  private static List<FileExtents.Slice> slices(FrozenMap map, long inode, long from, long to)
      throws IOException {
    return FileExtents.slices(map, inode, from, to, Integer.MAX_VALUE);
  }

  private static boolean isSame(ExtentRef old, ExtentRef now) {
    return old == null || now == null ? old == now : old.isSameAs(now);
  }

  private void add(long from, long to) throws IOException {
    if (from != changedTo) {
      tell();
      changedFrom = from;
    }
    changedTo = to;
  }

  private void tell() throws IOException {
    if (changedTo > changedFrom) {
      visitor.changed(changedFrom, changedTo - changedFrom);
    }
    changedFrom = changedTo;
  }

  /** One root's data in a range, walked through once. */
  private static final class Side {
    private final Iterator<FileExtents.Slice> rest;
    private final long end;
    private FileExtents.Slice current;

    Side(List<FileExtents.Slice> slices, long end) {
      this.rest = new ArrayList<>(slices).iterator();
      this.end = end;
      advance();
    }

    private void advance() {
      current = rest.hasNext() ? rest.next() : null;
    }

    /** Where data ends or begins next, or the range ends. */
    long boundaryBehind(long at) {
      while (current != null && current.end() <= at) {
        advance();
      }
      if (current == null) {
        return end;
      }
      return current.offset() > at ? current.offset() : current.end();
    }

    /** What is between two places without a boundary in between; null is a hole. */
    ExtentRef part(long from, long to) {
      if (current == null || current.offset() > from) {
        return null;
      }
      return current.extent().slice((int) (from - current.offset()), (int) (to - from));
    }
  }
}
