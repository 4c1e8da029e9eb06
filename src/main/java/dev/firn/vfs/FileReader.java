package dev.firn.vfs;

import dev.firn.map.ExtentRef;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** Fetches the bytes of a range whose extents are known; needs no lock. */
final class FileReader {
  /** Where the bytes behind extents come from: a volume's map or a frozen root. */
  @FunctionalInterface
  interface ExtentSource {
    byte[] extentBytes(ExtentRef extent) throws IOException;
  }

  private static final byte[] ZEROS = new byte[4096];

  private FileReader() {}

  /** The bytes of one extent, in an array of their own. */
  static byte[] bytes(ExtentSource source, ExtentRef extent) throws IOException {
    int from = extent.offsetInside();
    return Arrays.copyOfRange(source.extentBytes(extent), from, from + extent.length());
  }

  /** Puts {@code length} bytes of the file, from {@code offset} on: holes read as zeros. */
  static void fill(
      ExtentSource source,
      List<FileExtents.Slice> slices,
      long offset,
      int length,
      ByteBuffer target)
      throws IOException {
    int base = target.position();
    int filled = 0;
    for (FileExtents.Slice slice : slices) {
      int index = (int) (slice.offset() - offset);
      zero(target, base + filled, index - filled);
      ExtentRef extent = slice.extent();
      byte[] bytes = source.extentBytes(extent);
      target.put(base + index, bytes, extent.offsetInside(), extent.length());
      filled = index + extent.length();
    }
    zero(target, base + filled, length - filled);
    target.position(base + length);
  }

  private static void zero(ByteBuffer target, int index, int count) {
    for (int done = 0; done < count; done += ZEROS.length) {
      target.put(index + done, ZEROS, 0, Math.min(ZEROS.length, count - done));
    }
  }
}
