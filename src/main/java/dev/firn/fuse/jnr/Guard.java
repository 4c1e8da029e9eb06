package dev.firn.fuse.jnr;

import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns every outcome of a callback into an answer: a failure must neither reach libfuse, which
 * would take it for success, nor end the thread, which would hang whoever waits for it. Faults
 * answer EIO and are logged once for each kind, since a broken disk would fail thousands of times.
 */
final class Guard {
  private static final Logger LOG = LoggerFactory.getLogger(Guard.class);

  /** A callback's work; answers 0 or a count. */
  @FunctionalInterface
  interface Work {
    int run() throws IOException;
  }

  private final String mountName;
  private final Set<String> logged = ConcurrentHashMap.newKeySet();

  Guard(String mountName) {
    this.mountName = mountName;
  }

  /** What libfuse is to get: the work's answer, or an error number below 0. */
  int answer(String operation, Work work) {
    try {
      return work.run();
    } catch (ErrnoException e) {
      return -e.errno().number();
    } catch (Throwable fault) {
      log(operation, fault);
      return -Errno.EIO.number();
    }
  }

  private void log(String operation, Throwable fault) {
    try {
      if (logged.add(operation + ' ' + fault.getClass().getName())) {
        LOG.error(
            "{}: {} failed and answered EIO; the same again will not be logged",
            mountName,
            operation,
            fault);
      }
    } catch (Throwable alsoFailed) {
      // Out of memory, perhaps: the answer counts more than the log.
      return;
    }
  }
}
