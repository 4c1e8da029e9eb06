package dev.firn.pack;

/** Told of the progress of an export or import, on the thread that does it, a few times per MiB. */
@FunctionalInterface
public interface ProgressListener {
  ProgressListener NONE = (doneBytes, totalBytes) -> {};

  /**
   * @param doneBytes file contents copied so far, or how much of another step is done: less than
   *     before where one begins
   * @param totalBytes about how many there are; -1 if only the end will tell
   */
  void progress(long doneBytes, long totalBytes);

  /** Something that the format cannot carry was left out; one line for the user. */
  default void warning(String message) {}
}
