package dev.firn.pack;

/** Counts bytes, and tells a listener about once per MiB. */
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
      listener.progress(doneBytes, totalBytes);
    }
  }

  void warning(String message) {
    listener.warning(message);
  }

  void finish() {
    listener.progress(doneBytes, totalBytes < 0 ? doneBytes : totalBytes);
  }
}
