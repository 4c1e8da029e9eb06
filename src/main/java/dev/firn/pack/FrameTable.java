package dev.firn.pack;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import java.util.Arrays;

/**
 * Where the frames of a member are, in its stored bytes and in its raw ones, as they say of
 * themselves. Immutable.
 */
final class FrameTable {
  private final int[] storedEnds;
  private final int[] rawEnds;

  private FrameTable(int[] storedEnds, int[] rawEnds) {
    this.storedEnds = storedEnds;
    this.rawEnds = rawEnds;
  }

  /**
   * Reads the headers of all frames, and decompresses nothing.
   *
   * @param length of the member, from the array's begin on
   * @return null if it is no row of frames that say how long they are, at most {@link
   *     PackageLayout#MEMBER_FRAMES_MAX} and {@link PackageLayout#MEMBER_RAW_BYTES_MAX} together
   */
  static FrameTable of(byte[] stored, int length) {
    int[] storedEnds = new int[1];
    int[] rawEnds = new int[1];
    int count = 0;
    int storedEnd = 0;
    long rawEnd = 0;
    while (storedEnd < length) {
      long storedBytes = storedBytes(stored, storedEnd, length - storedEnd);
      long rawBytes = rawBytes(stored, storedEnd, length - storedEnd);
      if (storedBytes <= 0
          || storedBytes > length - storedEnd
          || rawBytes <= 0
          || rawBytes > PackageLayout.MEMBER_RAW_BYTES_MAX - rawEnd
          || count == PackageLayout.MEMBER_FRAMES_MAX) {
        return null;
      }
      storedEnd += (int) storedBytes;
      rawEnd += rawBytes;
      if (count == rawEnds.length) {
        storedEnds = Arrays.copyOf(storedEnds, 2 * count + 64);
        rawEnds = Arrays.copyOf(rawEnds, storedEnds.length);
      }
      storedEnds[count] = storedEnd;
      rawEnds[count++] = (int) rawEnd;
    }
    return count == 0
        ? null
        : new FrameTable(Arrays.copyOf(storedEnds, count), Arrays.copyOf(rawEnds, count));
  }

  /** 0 or less if there is no frame. */
  private static long storedBytes(byte[] stored, int at, int length) {
    try {
      long bytes = Zstd.findFrameCompressedSize(stored, at, length);
      return Zstd.isError(bytes) ? 0 : bytes;
    } catch (ZstdException e) {
      return 0;
    }
  }

  /** 0 or less if the frame does not say. */
  private static long rawBytes(byte[] stored, int at, int length) {
    try {
      return Zstd.getFrameContentSize(stored, at, length);
    } catch (ZstdException e) {
      return 0;
    }
  }

  /** Raw bytes of all frames. */
  int rawBytes() {
    return rawEnds[rawEnds.length - 1];
  }

  /** The frame that has just these raw bytes, or -1. */
  int find(int from, int length) {
    int index = Arrays.binarySearch(rawEnds, from + length);
    return index >= 0 && (index == 0 ? 0 : rawEnds[index - 1]) == from ? index : -1;
  }

  int storedFrom(int index) {
    return index == 0 ? 0 : storedEnds[index - 1];
  }

  int storedEnd(int index) {
    return storedEnds[index];
  }
}
