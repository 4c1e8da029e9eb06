package dev.firn.pack;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Tells how much was read of files, whose lengths are known, where only the end tells how much
 * there is in them. For one thread.
 */
public final class ReadProgress implements ProgressListener {
  private final ProgressListener listener;
  private final long totalBytes;
  private long readBytes;

  /**
   * @param totalBytes how long all files are together
   */
  public ReadProgress(ProgressListener listener, long totalBytes) {
    this.listener = listener;
    this.totalBytes = totalBytes;
  }

  /** A file that counts what is read of it. */
  public InputStream counted(InputStream file) {
    return new FilterInputStream(file) {
      @Override
      public int read() throws IOException {
        int read = super.read();
        readBytes += read < 0 ? 0 : 1;
        return read;
      }

      @Override
      public int read(byte[] target, int offset, int length) throws IOException {
        int count = super.read(target, offset, length);
        readBytes += Math.max(0, count);
        return count;
      }

      @Override
      public long skip(long count) throws IOException {
        long skipped = super.skip(count);
        readBytes += skipped;
        return skipped;
      }

      @Override
      public boolean markSupported() {
        return false;
      }
    };
  }

  @Override
  public void progress(long doneBytes, long total) {
    if (total < 0) {
      // A file may have grown since its length was looked at.
      listener.progress(Math.min(readBytes, totalBytes), totalBytes);
    } else {
      listener.progress(doneBytes, total);
    }
  }

  @Override
  public void warning(String message) {
    listener.warning(message);
  }
}
