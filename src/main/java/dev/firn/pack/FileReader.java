package dev.firn.pack;

import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads what of a file is no hole, piece by piece. Reused for many files; one thread. */
final class FileReader {
  private final FileSystem fileSystem;
  private final byte[] buffer;
  private long inode;
  private long sizeBytes;
  private int alignment;
  private long runEnd;
  private long offset;
  private int length;

  FileReader(FileSystem fileSystem, int bufferBytes) {
    this.fileSystem = fileSystem;
    this.buffer = new byte[bufferBytes];
  }

  /**
   * Starts with a file.
   *
   * @param alignment pieces start and, except at the file's end, end at multiples of it; divides
   *     the buffer's size
   */
  void begin(long inode, long sizeBytes, int alignment) {
    this.inode = inode;
    this.sizeBytes = sizeBytes;
    this.alignment = alignment;
    runEnd = 0;
    offset = 0;
    length = 0;
  }

  /** Reads the next piece; false when there is none. */
  boolean next() throws IOException {
    offset += length;
    length = 0;
    if (offset >= runEnd && !findRun()) {
      return false;
    }
    int count = (int) Math.min(buffer.length, runEnd - offset);
    ByteBuffer target = ByteBuffer.wrap(buffer, 0, count);
    while (target.hasRemaining()) {
      int read = fileSystem.read(inode, offset + target.position(), target);
      if (read <= 0) {
        throw new IOException(
            "inode " + inode + " ends at " + (offset + target.position()) + ", not " + sizeBytes);
      }
    }
    length = count;
    return true;
  }

  long offset() {
    return offset;
  }

  int length() {
    return length;
  }

  byte[] bytes() {
    return buffer;
  }

  /** Where a file's data lies, in whole blocks as with {@link #begin}, without reading it. */
  static SparseMap dataRuns(FileSystem fileSystem, long inode, long sizeBytes, int alignment)
      throws IOException {
    SparseMap map = new SparseMap();
    FileReader runs = new FileReader(fileSystem, 0);
    runs.begin(inode, sizeBytes, alignment);
    while (runs.findRun()) {
      map.add(runs.offset, runs.runEnd - runs.offset);
      runs.offset = runs.runEnd;
    }
    return map;
  }

  /** Moves to the next data at or behind the offset. */
  private boolean findRun() throws IOException {
    if (offset >= sizeBytes) {
      return false;
    }
    try {
      long start = fileSystem.seek(inode, offset, false);
      if (start >= sizeBytes) {
        return false;
      }
      long end = Math.min(sizeBytes, fileSystem.seek(inode, start, true));
      // Rounding may reach back into the run before, never behind the current offset.
      offset = Math.max(offset, start / alignment * alignment);
      // Rounded up, as far as the file goes: behind the largest there is no offset.
      long padding = (alignment - end % alignment) % alignment;
      runEnd = end + Math.min(padding, sizeBytes - end);
      return true;
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENXIO) {
        return false;
      }
      throw e;
    }
  }
}
