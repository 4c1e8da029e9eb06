package dev.firn.pack;

import com.github.luben.zstd.ZstdInputStream;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/**
 * A compressed archive's content. What the decompressor dislikes is the user's error (CORRUPT), and
 * so is more than the limit; a failure to read is not. Reading to the end checks checksums, and
 * that nothing follows.
 */
final class Decompressed extends InputStream {
  /** A failure of the source, on its way through the decompressor. */
  private static final class SourceFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    SourceFailure(IOException cause) {
      super(cause);
    }
  }

  private static final class Source extends FilterInputStream {
    private long bytes;

    Source(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      try {
        int read = super.read();
        bytes += read < 0 ? 0 : 1;
        return read;
      } catch (IOException e) {
        throw new SourceFailure(e);
      }
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      try {
        int count = super.read(target, offset, length);
        bytes += Math.max(0, count);
        return count;
      } catch (IOException e) {
        throw new SourceFailure(e);
      }
    }

    /** The decompressor closes what it reads; the caller of all this wants to do so itself. */
    @Override
    public void close() {}
  }

  private interface Step<T> {
    T run() throws IOException;
  }

  private static final byte[] ZEROS = new byte[PackageLayout.HOLE_BYTES];

  private final UnpackLimit limit;
  private final Source source;
  private final InputStream in;
  private long unpackedBytes;

  /**
   * @param in is not closed with this
   * @param format of the two that are compressed archives
   */
  Decompressed(PackageFormat format, InputStream in, UnpackLimit limit) throws IOException {
    this.limit = limit;
    this.source = new Source(in);
    this.in =
        run(
            () ->
                format == PackageFormat.TAR_GZ
                    ? GzipCompressorInputStream.builder()
                        .setInputStream(source)
                        .setDecompressConcatenated(true)
                        .get()
                    : new ZstdInputStream(source));
  }

  @Override
  public int read() throws IOException {
    int read = run(in::read);
    count(read < 0 ? 0 : 1);
    return read;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    int count = run(() -> in.read(target, offset, length));
    count(something(target, offset, count));
    return count;
  }

  /** How much of what was read is in blocks that are not all zeros: those become holes. */
  private static int something(byte[] bytes, int offset, int count) {
    int sum = 0;
    for (int done = 0; done < count; done += ZEROS.length) {
      int from = offset + done;
      int length = Math.min(ZEROS.length, count - done);
      sum += Arrays.equals(bytes, from, from + length, ZEROS, 0, length) ? 0 : length;
    }
    return sum;
  }

  private void count(int bytes) {
    unpackedBytes += bytes;
    limit.check(unpackedBytes, source.bytes);
  }

  /** Frees the decompressor's memory, and leaves the source open. */
  @Override
  public void close() throws IOException {
    in.close();
  }

  private <T> T run(Step<T> step) throws IOException {
    try {
      return step.run();
    } catch (SourceFailure e) {
      throw (IOException) e.getCause();
    } catch (IOException | RuntimeException e) {
      String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      throw new FirnException(
          ErrorKind.CORRUPT,
          String.format(
              "%s is cut short or damaged: %s; get it again", limit.source(), reason.strip()),
          e);
    }
  }
}
