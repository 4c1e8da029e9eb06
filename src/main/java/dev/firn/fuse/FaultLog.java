package dev.firn.fuse;

import dev.firn.store.NoSpaceException;
import dev.firn.store.StoreFailedException;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.UnreadableException;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns what requests of a mount throw into answers, and logs what made them answer EIO. Bytes that
 * cannot be read are told with volume, path and offset, each run of them once; of other faults each
 * kind once: a broken disk would fail thousands of times. Never throws. Safe for concurrent use.
 */
public final class FaultLog {
  private static final Logger LOG = LoggerFactory.getLogger(FaultLog.class);

  /** So many lines about unreadable bytes in each period at most. */
  private static final int LINES_MAX = 100;

  private static final long PERIOD_NANOS = 60_000_000_000L;

  /** Finding a path reads the tree: at most one part in so many of the time is spent on it. */
  private static final int SHARE = 10;

  /** And so much at once. */
  private static final long FIND_NANOS = 1_000_000_000L;

  private static final int RUNS_MAX = 10_000;
  private static final int PLACES_MAX = 100;

  private final String mountName;
  private final Set<String> logged = ConcurrentHashMap.newKeySet();

  private record Run(long inode, long offset) {}

  // Guarded by this.
  private final Set<Run> runs = new HashSet<>();
  private final Map<Long, String> places = new HashMap<>();
  private long periodNanos = System.nanoTime();
  private int lines;
  private boolean finding;
  private final long startNanos = periodNanos;
  private long findNanos;

  public FaultLog(String mountName) {
    this.mountName = mountName;
  }

  /**
   * The error number, below 0, that answers a request for what it threw: EIO for a fault, which is
   * logged.
   *
   * @param operation what was asked for, in words for the log
   */
  public int answer(Throwable thrown, Supplier<String> operation) {
    if (thrown instanceof ErrnoException answer) {
      return -answer.errno().number();
    }
    if (thrown instanceof NoSpaceException) {
      return -Errno.ENOSPC.number();
    }
    answeredEio(operation, thrown);
    return -Errno.EIO.number();
  }

  private void answeredEio(Supplier<String> words, Throwable fault) {
    try {
      String operation = words.get();
      if (fault instanceof UnreadableException unreadable) {
        unreadable(unreadable);
      } else if (fault instanceof StoreFailedException) {
        // What went wrong first was logged by the volume.
        if (logged.add("read-only")) {
          LOG.error("{}: {} answered EIO: {}", mountName, operation, fault.getMessage());
        }
      } else if (logged.add(operation + ' ' + fault.getClass().getName())) {
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

  private void unreadable(UnreadableException fault) {
    boolean find;
    boolean last;
    String place;
    synchronized (this) {
      long now = System.nanoTime();
      if (now - periodNanos >= PERIOD_NANOS) {
        periodNanos = now;
        lines = 0;
      }
      if (lines >= LINES_MAX || !runs.add(new Run(fault.inode(), fault.offset()))) {
        return;
      }
      if (runs.size() > RUNS_MAX) {
        runs.clear();
      }
      lines++;
      last = lines == LINES_MAX;
      place = places.get(fault.inode());
      find = place == null && !finding && findNanos <= FIND_NANOS + (now - startNanos) / SHARE;
      finding |= find;
    }
    if (find) {
      place = find(fault);
    } else if (place == null) {
      place = "inode " + fault.inode() + " ('firn scrub' finds its path)";
    }
    LOG.error(
        "{}: {} bytes from {} on of {} cannot be read: {}",
        mountName,
        fault.lengthBytes(),
        fault.offset(),
        place,
        fault.getMessage());
    if (last) {
      LOG.error("{}: there is more that cannot be read: 'firn scrub' lists it", mountName);
    }
  }

  private String find(UnreadableException fault) {
    long start = System.nanoTime();
    try {
      String place = fault.place().find();
      synchronized (this) {
        if (places.size() > PLACES_MAX) {
          places.clear();
        }
        places.put(fault.inode(), place);
      }
      return place;
    } catch (IOException | RuntimeException e) {
      return "inode " + fault.inode() + " (its path cannot be found: " + e.getMessage() + ")";
    } finally {
      synchronized (this) {
        finding = false;
        findNanos += System.nanoTime() - start;
      }
    }
  }
}
