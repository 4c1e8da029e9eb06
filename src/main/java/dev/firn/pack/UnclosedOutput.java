package dev.firn.pack;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * What a compressor writes to that is closed with its work, while the stream below stays open. What
 * it would put behind work that failed does not get there: the stream would look whole.
 */
final class UnclosedOutput extends FilterOutputStream {
  private boolean cut;

  private UnclosedOutput(OutputStream target) {
    super(target);
  }

  /** Makes a stream that writes to another, and closes it. */
  @FunctionalInterface
  interface Compressor {
    OutputStream open(OutputStream target) throws IOException;
  }

  /** Writes what is to be compressed. */
  @FunctionalInterface
  interface Work {
    void writeTo(OutputStream compressed) throws IOException;
  }

  /** Writes to {@code target} through a compressor; ends that, and does not close the target. */
  static void write(OutputStream target, Compressor compressor, Work work) throws IOException {
    UnclosedOutput below = new UnclosedOutput(target);
    try (OutputStream compressed = compressor.open(below)) {
      boolean done = false;
      try {
        work.writeTo(compressed);
        done = true;
      } finally {
        below.cut = !done;
      }
    }
  }

  @Override
  public void write(int value) throws IOException {
    if (!cut) {
      out.write(value);
    }
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    if (!cut) {
      out.write(bytes, offset, length);
    }
  }

  @Override
  public void flush() throws IOException {
    if (!cut) {
      out.flush();
    }
  }

  @Override
  public void close() throws IOException {
    flush();
  }
}
