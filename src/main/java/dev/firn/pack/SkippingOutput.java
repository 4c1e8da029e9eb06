package dev.firn.pack;

import dev.firn.base.FirnException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Leaves out the beginning of what is written. */
final class SkippingOutput extends FilterOutputStream {
  private long leftBytes;

  SkippingOutput(OutputStream target, long skippedBytes) {
    super(target);
    this.leftBytes = skippedBytes;
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    int skipped = (int) Math.min(length, leftBytes);
    leftBytes -= skipped;
    if (skipped < length) {
      out.write(bytes, from + skipped, length - skipped);
    }
  }

  /** Fails if there was less than was to be left out. */
  void finish() {
    if (leftBytes > 0) {
      throw FirnException.usage("the export is %d bytes shorter than what --skip says", leftBytes);
    }
  }
}
