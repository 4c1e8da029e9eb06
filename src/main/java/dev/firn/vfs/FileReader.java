package dev.firn.vfs;

import dev.firn.map.ExtentRef;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Fetches the bytes of a range whose extents are known; needs no lock. */
final class FileReader {
  /** Where the bytes behind extents come from: a volume's map or a frozen root. */
  @FunctionalInterface
  interface ExtentSource {
    /** Puts the bytes of the first of these extents, and of as many more as it answers less one. */
    int readExtents(List<ExtentRef> extents, ByteBuffer target) throws IOException;
  }

  private static final byte[] ZEROS = new byte[4096];

  private FileReader() {}

  /**
   * Puts {@code length} bytes of the file, from {@code offset} on: holes read as zeros.
   *
   * @param place says what file it is, should bytes of it be unreadable
   */
  static void fill(
      ExtentSource source,
      long inode,
      UnreadableException.Place place,
      List<FileExtents.Slice> slices,
      long offset,
      int length,
      ByteBuffer target)
      throws IOException {
    int base = target.position();
    for (int next = 0; next < slices.size(); ) {
      zero(target, base + (int) (slices.get(next).offset() - offset));
      List<ExtentRef> run = run(slices, next);
      int start = target.position();
      int limit = target.limit();
      try {
        next += source.readExtents(run, target);
      } catch (IOException e) {
        FileExtents.Slice slice = slices.get(next);
        target.limit(limit).position(start);
        if (run.size() > 1) {
          // One by one it shows which of them it is.
          slice = readEach(source, slices.subList(next, next + run.size()), target);
        }
        if (slice != null) {
          throw new UnreadableException(inode, slice.offset(), slice.extent().length(), place, e);
        }
        next += run.size();
      }
    }
    zero(target, base + length);
  }

  /** The extents from a slice on, up to the next hole. */
  private static List<ExtentRef> run(List<FileExtents.Slice> slices, int first) {
    FileExtents.Slice slice = slices.get(first);
    if (first + 1 == slices.size() || slices.get(first + 1).offset() != slice.end()) {
      return List.of(slice.extent());
    }
    List<ExtentRef> run = new ArrayList<>(slices.size() - first);
    run.add(slice.extent());
    for (int i = first + 1; i < slices.size() && slices.get(i).offset() == slice.end(); i++) {
      slice = slices.get(i);
      run.add(slice.extent());
    }
    return run;
  }

  /** Answers the first slice that cannot be read, or null. */
  private static FileExtents.Slice readEach(
      ExtentSource source, List<FileExtents.Slice> slices, ByteBuffer target) {
    for (FileExtents.Slice slice : slices) {
      try {
        source.readExtents(List.of(slice.extent()), target);
      } catch (IOException e) {
        return slice;
      }
    }
    return null;
  }

  private static void zero(ByteBuffer target, int end) {
    while (target.position() < end) {
      target.put(ZEROS, 0, Math.min(ZEROS.length, end - target.position()));
    }
  }
}
