package dev.firn.vfs;

import dev.firn.map.ExtentRef;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Fetches the bytes of a range whose extents are known; needs no lock. */
final class FileReader {
  /** Where the bytes behind extents come from: a volume's map or a frozen root. */
  @FunctionalInterface
  interface ExtentSource {
    void readExtent(ExtentRef extent, ByteBuffer target) throws IOException;
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
    for (FileExtents.Slice slice : slices) {
      zero(target, base + (int) (slice.offset() - offset));
      try {
        source.readExtent(slice.extent(), target);
      } catch (IOException e) {
        throw new UnreadableException(inode, slice.offset(), slice.extent().length(), place, e);
      }
    }
    zero(target, base + length);
  }

  private static void zero(ByteBuffer target, int end) {
    while (target.position() < end) {
      target.put(ZEROS, 0, Math.min(ZEROS.length, end - target.position()));
    }
  }
}
