package dev.firn.store;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;

/** How a record's payload is packed. The codes are part of the format. */
public enum Compression {
  NONE(0),
  LZ4(1),
  ZSTD(2);

  private static final int ZSTD_LEVEL = 1;
  private static final LZ4Factory FACTORY = LZ4Factory.fastestInstance();
  private static final Compression[] BY_CODE = values();

  private final int code;

  Compression(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  static Compression ofCode(int code) throws CorruptDataException {
    if (code < 0 || code >= BY_CODE.length) {
      throw new CorruptDataException("unknown compression " + code);
    }
    return BY_CODE[code];
  }

  /** The name users write: {@code lz4}, {@code zstd}, {@code none}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The compression with this label, or null. */
  public static Compression ofLabel(String label) {
    for (Compression compression : BY_CODE) {
      if (compression.label().equals(label)) {
        return compression;
      }
    }
    return null;
  }

  /** All labels, for messages. */
  public static String labels() {
    return Arrays.stream(BY_CODE).map(Compression::label).collect(Collectors.joining(", "));
  }

  /** The most bytes {@link #compress} may need for its answer. */
  static int boundBytes(int length) {
    return Math.max(
        FACTORY.fastCompressor().maxCompressedLength(length), (int) Zstd.compressBound(length));
  }

  /**
   * Packs {@code length} bytes into {@code target}, which has room for {@link #boundBytes}.
   *
   * @return the packed length, or -1 where packing saves less than an eighth: then store it raw
   */
  int compress(byte[] source, int length, byte[] target) {
    int packed =
        switch (this) {
          case NONE -> length;
          case LZ4 -> FACTORY.fastCompressor().compress(source, 0, length, target, 0);
          case ZSTD ->
              (int) Zstd.compressByteArray(target, 0, target.length, source, 0, length, ZSTD_LEVEL);
        };
    return packed >= 0 && packed <= length - length / 8 - 1 ? packed : -1;
  }

  /** Unpacks into a new array of exactly {@code rawLength} bytes. */
  byte[] decompress(byte[] source, int offset, int length, int rawLength)
      throws CorruptDataException {
    try {
      byte[] raw = new byte[rawLength];
      int unpacked =
          switch (this) {
            case NONE -> {
              System.arraycopy(source, offset, raw, 0, Math.min(length, rawLength));
              yield length;
            }
            case LZ4 -> FACTORY.safeDecompressor().decompress(source, offset, length, raw, 0);
            case ZSTD -> (int) Zstd.decompressByteArray(raw, 0, rawLength, source, offset, length);
          };
      if (unpacked != rawLength) {
        throw new CorruptDataException(
            "record unpacks to " + unpacked + " bytes where " + rawLength + " were promised");
      }
      return raw;
    } catch (LZ4Exception | ZstdException e) {
      throw new CorruptDataException("record does not unpack: " + e.getMessage(), e);
    }
  }
}
