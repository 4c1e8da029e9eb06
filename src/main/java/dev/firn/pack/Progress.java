package dev.firn.pack;

/** Counts bytes, and tells a listener about once per MiB. A total need not be exact. */
final class Progress {
  /** A total that only the end will tell. */
  static final long UNKNOWN = -1;

  private static final long STEP_BYTES = 1 << 20;

  private final ProgressListener listener;
  private final long totalBytes;
  private long doneBytes;
  private long toldBytes;

  Progress(ProgressListener listener, long totalBytes) {
    this.listener = listener;
    this.totalBytes = totalBytes;
  }

  void advance(long bytes) {
    doneBytes += bytes;
    if (doneBytes - toldBytes >= STEP_BYTES) {
      toldBytes = doneBytes;
      listener.progress(totalBytes < 0 ? doneBytes : Math.min(doneBytes, totalBytes), totalBytes);
    }
  }

  void warning(String message) {
    listener.warning(message);
  }

  void finish() {
    listener.progress(totalBytes < 0 ? doneBytes : totalBytes, totalBytes);
  }
}
