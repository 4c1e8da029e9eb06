package dev.firn.fuse;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs what made requests of a mount answer EIO, each kind once: a broken disk would fail thousands
 * of times. Never throws. Safe for concurrent use.
 */
public final class FaultLog {
  private static final Logger LOG = LoggerFactory.getLogger(FaultLog.class);

  private final String mountName;
  private final Set<String> logged = ConcurrentHashMap.newKeySet();

  public FaultLog(String mountName) {
    this.mountName = mountName;
  }

  public void answeredEio(String operation, Throwable fault) {
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
