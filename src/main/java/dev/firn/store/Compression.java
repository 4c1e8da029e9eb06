package dev.firn.store;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import java.nio.ByteBuffer;
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

  /** From here on two samples tell whether packing is worth trying. */
  private static final int PROBED_BYTES_MIN = 32 << 10;

  private static final int PROBE_BYTES = 4096;

  /** Enough for a record of file bytes. */
  private static final int SCRATCH_BYTES_MIN = 136 << 10;

  private static final ThreadLocal<ByteBuffer> PACKED_SCRATCH = noScratch();
  private static final ThreadLocal<ByteBuffer> RAW_SCRATCH = noScratch();
  private static final LZ4Factory FACTORY = LZ4Factory.fastestInstance();
  private static final Compression[] BY_CODE = values();

  private final int code;

  private static ThreadLocal<ByteBuffer> noScratch() {
    return ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(0));
  }

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
   * Packs the bytes from position to limit into {@code target}, which has room for {@link
   * #boundBytes}.
   *
   * @return the packed length, or -1 where packing saves less than an eighth: then store it raw
   */
  int compress(ByteBuffer source, byte[] target) {
    int length = source.remaining();
    if (length >= PROBED_BYTES_MIN
        && isDense(source, length / 4, target)
        && isDense(source, length / 4 * 3, target)) {
      return -1;
    }
    int packed = pack(source, source.position(), length, target);
    return packed >= 0 && pays(packed, length) ? packed : -1;
  }

  /** Whether packing saves an eighth: less is not worth unpacking at each read. */
  static boolean pays(int packed, int length) {
    return packed < length - length / 8;
  }

  /** Whether a sample does not get shorter: noise takes as long to pack as it takes to write. */
  private boolean isDense(ByteBuffer source, int from, byte[] target) {
    int packed = pack(source, source.position() + from, PROBE_BYTES, target);
    return packed < 0 || packed > PROBE_BYTES - PROBE_BYTES / 32;
  }

  private int pack(ByteBuffer source, int from, int length, byte[] target) {
    return switch (this) {
      case NONE -> length;
      case LZ4 ->
          FACTORY
              .fastCompressor()
              .compress(source, from, length, ByteBuffer.wrap(target), 0, target.length);
      case ZSTD -> {
        byte[] bytes;
        int offset = 0;
        if (source.hasArray()) {
          bytes = source.array();
          offset = source.arrayOffset() + from;
        } else {
          bytes = new byte[length];
          source.get(from, bytes);
        }
        yield (int)
            Zstd.compressByteArray(target, 0, target.length, bytes, offset, length, ZSTD_LEVEL);
      }
    };
  }

  /** Unpacks the bytes from position to limit; they must fill {@code target} exactly. */
  void unpack(ByteBuffer source, ByteBuffer target) throws CorruptDataException {
    int rawLength = target.remaining();
    int start = target.position();
    try {
      int unpacked =
          switch (this) {
            case NONE -> source.remaining();
            case LZ4 ->
                FACTORY
                    .safeDecompressor()
                    .decompress(
                        source, source.position(), source.remaining(), target, start, rawLength);
            case ZSTD -> unpackFrame(source, target);
          };
      if (unpacked != rawLength) {
        throw new CorruptDataException(
            "record unpacks to " + unpacked + " bytes where " + rawLength + " were promised");
      }
      if (this == NONE) {
        target.put(start, source, source.position(), rawLength);
      }
      target.position(target.limit());
    } catch (LZ4Exception | ZstdException e) {
      throw new CorruptDataException("record does not unpack: " + e.getMessage(), e);
    }
  }

  /** The library works in native memory alone, or in arrays alone. */
  private static int unpackFrame(ByteBuffer source, ByteBuffer target) {
    ByteBuffer from = source;
    if (!source.isDirect()) {
      from = nativeScratch(PACKED_SCRATCH, source.remaining());
      from.put(0, source, source.position(), source.remaining());
    }
    ByteBuffer to = target.isDirect() ? target : nativeScratch(RAW_SCRATCH, target.remaining());
    long length =
        Zstd.decompressDirectByteBuffer(
            to, to.position(), target.remaining(), from, from.position(), source.remaining());
    if (Zstd.isError(length)) {
      throw new ZstdException(length);
    }
    if (to != target) {
      target.put(target.position(), to, 0, (int) length);
    }
    return (int) length;
  }

  /** At least so many bytes of this thread, from position 0 on. */
  private static ByteBuffer nativeScratch(ThreadLocal<ByteBuffer> kept, int length) {
    ByteBuffer scratch = kept.get();
    if (scratch.capacity() < length) {
      scratch = ByteBuffer.allocateDirect(Math.max(length, SCRATCH_BYTES_MIN));
      kept.set(scratch);
    }
    return scratch;
  }
}
