package dev.firn.pack;

import dev.firn.snapshot.Ranges;
import dev.firn.snapshot.TreeDelta;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Writes the records that make one tree of another, in three parts: the names of the base that
 * matter, in the order of a walk; then the names that come, with new inodes; then what changes in
 * inodes that stay. Takes memory for what differs. Used once, by one thread.
 */
final class DeltaWriter {
  /** A multiple of {@link PackageLayout#HOLE_BYTES}. */
  private static final int COMPARE_BYTES = 1 << 20;

  private final FileSystem base;
  private final FileSystem source;
  private final TreeDelta delta;
  private final RecordWriter records;

  /** The inodes that stay, in the order of their ordinals; null for names that only go. */
  private final List<TreeDelta.BaseName> staying = new ArrayList<>();

  /** Ordinals of inodes that stay, and of new ones that have more names to come. */
  private final Map<Long, Long> ordinals = new HashMap<>();

  private long nextOrdinal;
  private final ByteBuffer before = ByteBuffer.allocate(COMPARE_BYTES);
  private final ByteBuffer after = ByteBuffer.allocate(COMPARE_BYTES);

  DeltaWriter(FileSystem base, FileSystem source, TreeDelta delta, RecordWriter records) {
    this.base = base;
    this.source = source;
    this.delta = delta;
    this.records = records;
  }

  private record OpenBase(long ordinal, Iterator<TreeDelta.BaseName> rest) {}

  private record OpenDirectory(long ordinal, Iterator<Map.Entry<byte[], Long>> rest) {}

  void run() throws IOException {
    writeBase();
    for (int ordinal = 0; ordinal < staying.size(); ordinal++) {
      TreeDelta.BaseName node = staying.get(ordinal);
      if (node != null && node.attributes().isDirectory()) {
        writeNames(ordinal, node.inode());
      }
    }
    for (int ordinal = 0; ordinal < staying.size(); ordinal++) {
      TreeDelta.BaseName node = staying.get(ordinal);
      TreeDelta.Change change = node == null ? null : delta.change(node.inode());
      if (change != null) {
        writeChange(ordinal, node.attributes(), change);
      }
    }
  }

  private void writeBase() throws IOException {
    Deque<OpenBase> path = new ArrayDeque<>();
    path.push(new OpenBase(0, List.of(delta.base()).iterator()));
    while (!path.isEmpty()) {
      OpenBase directory = path.peek();
      if (!directory.rest.hasNext()) {
        path.pop();
        continue;
      }
      TreeDelta.BaseName node = directory.rest.next();
      long ordinal = nextOrdinal++;
      Attributes attributes = node.attributes();
      records.write(
          new TreeRecord.Base(
              directory.ordinal,
              (node.isGone() ? TreeRecord.Base.GONE : 0)
                  | (node.isReference() ? TreeRecord.Base.STAYS : 0),
              attributes.mode(),
              attributes.isRegular() ? attributes.sizeBytes() : 0,
              attributes.modifySeconds(),
              attributes.modifyNanos(),
              node.name()));
      staying.add(node.isReference() ? node : null);
      if (node.isReference()) {
        ordinals.put(node.inode(), ordinal);
      }
      path.push(new OpenBase(ordinal, node.children().iterator()));
    }
  }

  private void writeNames(long baseOrdinal, long baseInode) throws IOException {
    Deque<OpenDirectory> path = new ArrayDeque<>();
    path.push(open(baseOrdinal, baseInode));
    while (!path.isEmpty()) {
      OpenDirectory directory = path.peek();
      if (!directory.rest.hasNext()) {
        path.pop();
        continue;
      }
      Map.Entry<byte[], Long> entry = directory.rest.next();
      long inode = entry.getValue();
      Long known = ordinals.get(inode);
      if (known != null) {
        records.link(directory.ordinal, known, entry.getKey());
        continue;
      }
      long ordinal = nextOrdinal++;
      Attributes attributes = source.getAttributes(inode);
      records.inode(directory.ordinal, entry.getKey(), attributes);
      if (attributes.isDirectory()) {
        path.push(open(ordinal, inode));
      } else if (attributes.linkCount() > 1) {
        ordinals.put(inode, ordinal);
      }
    }
  }

  private OpenDirectory open(long ordinal, long inode) {
    return new OpenDirectory(ordinal, delta.comeInto(inode).entrySet().iterator());
  }

  private void writeChange(long ordinal, Attributes old, TreeDelta.Change change)
      throws IOException {
    Attributes now = source.getAttributes(change.inode());
    boolean regular = now.isRegular();
    boolean content = regular && !change.content().isEmpty();
    if (!change.isCertain() && !(content && differs(old, now, change.content(), false))) {
      return;
    }
    records.write(
        new TreeRecord.Change(
            ordinal,
            now.mode(),
            now.uid(),
            now.gid(),
            regular ? now.sizeBytes() : 0,
            now.modifySeconds(),
            now.modifyNanos(),
            now.accessSeconds(),
            now.accessNanos()));
    if (regular) {
      records.changedFile(now.sizeBytes());
      differs(old, now, change.content(), true);
      records.endBlocks();
    }
    records.xattrs(change.inode());
  }

  /**
   * Compares a file block by block: extents also differ where the same bytes lie elsewhere.
   *
   * @param write write the blocks that differ; else stop at the first
   */
  private boolean differs(Attributes old, Attributes now, Ranges ranges, boolean write)
      throws IOException {
    boolean found = false;
    long end = 0;
    for (int i = 0; i < ranges.count(); i++) {
      long from =
          Math.max(end, ranges.from(i) / PackageLayout.HOLE_BYTES * PackageLayout.HOLE_BYTES);
      end = Math.min(now.sizeBytes(), roundUp(ranges.to(i)));
      for (long offset = from; offset < end; offset += COMPARE_BYTES) {
        int length = (int) Math.min(COMPARE_BYTES, end - offset);
        read(base, old, offset, length, before);
        read(source, now, offset, length, after);
        for (int at = 0; at < length; at += PackageLayout.HOLE_BYTES) {
          int blockEnd = Math.min(length, at + PackageLayout.HOLE_BYTES);
          if (!Arrays.equals(before.array(), at, blockEnd, after.array(), at, blockEnd)) {
            found = true;
            if (!write) {
              return true;
            }
            records.block(offset + at, after, at, blockEnd - at);
          }
        }
      }
    }
    return found;
  }

  private static long roundUp(long offset) {
    long block = (offset - 1) / PackageLayout.HOLE_BYTES;
    return block >= Long.MAX_VALUE / PackageLayout.HOLE_BYTES
        ? Long.MAX_VALUE
        : (block + 1) * PackageLayout.HOLE_BYTES;
  }

  /** Reads exactly so much; what is behind the file's end is zero. */
  private static void read(
      FileSystem files, Attributes attributes, long offset, int length, ByteBuffer target)
      throws IOException {
    int there = (int) Math.max(0, Math.min(length, attributes.sizeBytes() - offset));
    target.clear().limit(there);
    while (target.hasRemaining()) {
      if (files.read(attributes.inode(), offset + target.position(), target) <= 0) {
        throw new IOException("inode " + attributes.inode() + " is shorter than it says");
      }
    }
    Arrays.fill(target.array(), there, length, (byte) 0);
  }
}
