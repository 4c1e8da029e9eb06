package dev.firn.fuse.jnr;

import dev.firn.fuse.FaultLog;
import java.io.IOException;

/**
 * Turns every outcome of a callback into an answer: a failure must neither reach libfuse, which
 * would take it for success, nor end the thread, which would hang whoever waits for it.
 */
final class Guard {
  /** A callback's work; answers 0 or a count. */
  @FunctionalInterface
  interface Work {
    int run() throws IOException;
  }

  private final FaultLog faults;

  Guard(String mountName) {
    this.faults = new FaultLog(mountName);
  }

  /** What libfuse is to get: the work's answer, or an error number below 0. */
  int answer(String operation, Work work) {
    try {
      return work.run();
    } catch (Throwable thrown) {
      return faults.answer(thrown, () -> operation);
    }
  }
}
