package dev.firn.daemon;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How far downloads are, by the names that their callers gave them: an answer of bytes has no place
 * to tell it. Safe for concurrent use.
 */
final class Downloads {
  /**
   * As an event of progress.
   *
   * @param totalBytes -1: not known
   */
  record State(long doneBytes, long totalBytes) {
    private static final State UNKNOWN = new State(0, -1);
  }

  private final Map<String, State> running = new ConcurrentHashMap<>();

  /**
   * @param download null: nobody will ask
   */
  void tell(String download, long doneBytes, long totalBytes) {
    if (download != null) {
      running.put(download, new State(doneBytes, totalBytes));
    }
  }

  /** Of one that has told nothing yet, or has ended, nothing is known. */
  State state(String download) {
    return running.getOrDefault(download, State.UNKNOWN);
  }

  void end(String download) {
    if (download != null) {
      running.remove(download);
    }
  }
}
