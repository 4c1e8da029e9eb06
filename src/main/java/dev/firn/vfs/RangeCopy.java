package dev.firn.vfs;

import dev.firn.map.FrozenMap;
import dev.firn.map.MapEditor;
import dev.firn.map.MapView;
import dev.firn.map.VolumeMap;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;

/**
 * Copies between files by sharing extents: the time depends on their number, not on bytes. A call
 * copies as much as one exclusive section may take, so that others need not wait for long.
 */
final class RangeCopy {
  /** About what a shared extent takes of the disk, in the log and in the tree. */
  private static final int EXTENT_BYTES = 256;

  /** An edit's answer when it has only made another one possible. */
  private static final long AGAIN = -1;

  private final Inodes inodes;
  private final FileContent content;
  private final VolumeMap map;
  private final Clock clock;

  RangeCopy(Inodes inodes, FileContent content, Clock clock) {
    this.inodes = inodes;
    this.content = content;
    this.map = inodes.map();
    this.clock = clock;
  }

  /**
   * What one call copies.
   *
   * @param slices the data in it
   * @param length how far it reaches, holes included; 0 at and behind the end of the file
   */
  private record Part(long offset, List<FileExtents.Slice> slices, long length) {
    static Part of(MapView view, Inode file, long offset, long lengthMax) throws IOException {
      long length = Math.min(lengthMax, file.sizeBytes - offset);
      if (length <= 0) {
        return new Part(offset, List.of(), 0);
      }
      List<FileExtents.Slice> slices =
          FileExtents.slices(view, file.number, offset, offset + length, FileContent.STEP_EXTENTS);
      if (slices.size() == FileContent.STEP_EXTENTS) {
        length = slices.get(slices.size() - 1).end() - offset;
      }
      return new Part(offset, slices, length);
    }

    long dataBytes() {
      long bytes = 0;
      for (FileExtents.Slice slice : slices) {
        bytes += slice.extent().length();
      }
      return bytes;
    }
  }

  /** Copies within the volume; answers how many bytes, less than asked for also in mid-file. */
  long copy(long source, long sourceOffset, long target, long targetOffset, long length)
      throws IOException {
    requireRanges(sourceOffset, targetOffset, length);
    if (source == target && length > 0 && Math.abs(sourceOffset - targetOffset) < length) {
      throw new ErrnoException(Errno.EINVAL);
    }
    // Also loads the nodes needed, so that the exclusive lock need not be held meanwhile.
    requireDiskSpace(
        map.read(
            view -> {
              Inode from = inodes.require(view, source).requireRegular();
              return Part.of(view, from, sourceOffset, length);
            }));
    return putInto(
        target,
        targetOffset,
        editor -> {
          Inode from = inodes.load(editor, source).requireRegular();
          if (FileContent.hasUnsaved(from)) {
            inodes.closeBuffer(editor, from);
            return null;
          }
          return Part.of(editor, from, sourceOffset, length);
        });
  }

  /**
   * As {@link #copy}, out of a frozen root of this volume's map, which must stay held during the
   * call; EXDEV for one of another's.
   */
  long copyFrozen(
      FrozenMap source,
      long sourceNumber,
      long sourceOffset,
      long target,
      long targetOffset,
      long length)
      throws IOException {
    requireRanges(sourceOffset, targetOffset, length);
    if (!source.isOf(map)) {
      throw new ErrnoException(Errno.EXDEV);
    }
    Inode from = Tree.require(source, sourceNumber).requireRegular();
    Part part = Part.of(source, from, sourceOffset, length);
    requireDiskSpace(part);
    return putInto(target, targetOffset, editor -> part);
  }

  /** What a running edit copies; null if it had to save bytes of the source first. */
  @FunctionalInterface
  private interface Source {
    Part part(MapEditor editor) throws IOException;
  }

  /** Puts a part into a file, in an edit that has changed nothing yet: it may answer ENOSPC. */
  private long putInto(long target, long targetOffset, Source source) throws IOException {
    long copied = AGAIN;
    while (copied == AGAIN) {
      Instant now = clock.instant();
      copied =
          inodes.edit(
              editor -> {
                // The target is checked first: saving the source's bytes is a change already.
                Inode to = inodes.load(editor, target).requireRegular();
                Part part = source.part(editor);
                if (part == null || FileContent.hasUnsaved(to)) {
                  inodes.closeBuffer(editor, to);
                  return AGAIN;
                }
                return put(editor, part, to, targetOffset, now);
              });
    }
    return copied;
  }

  private static void requireRanges(long sourceOffset, long targetOffset, long length)
      throws ErrnoException {
    if (length < 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    FileContent.requireRange(sourceOffset, length);
    FileContent.requireRange(targetOffset, length);
  }

  private void requireDiskSpace(Part part) throws IOException {
    inodes.requireDiskSpace((long) part.slices().size() * EXTENT_BYTES);
  }

  /** Puts a part in place of what a file has there; the file must have no unsaved bytes. */
  private long put(MapEditor editor, Part part, Inode to, long targetOffset, Instant now)
      throws IOException {
    if (part.length() == 0) {
      return 0;
    }
    content.requireWithin(to, targetOffset, part.length());
    long end = targetOffset + part.length();
    long grown = part.dataBytes() - FileExtents.allocated(editor, to.number, targetOffset, end);
    inodes.requireSpace(to.chargeWith(grown, 0, 0) - to.chargedBytes);
    inodes.dropBuffer(to);
    FileExtents.replace(editor, to.number, targetOffset, part.length(), null);
    for (FileExtents.Slice slice : part.slices()) {
      long offset = slice.offset() - part.offset() + targetOffset;
      FileExtents.put(editor, to.number, offset, slice.extent());
    }
    to.allocatedBytes += grown;
    content.written(to, end, now);
    return part.length();
  }
}
