package dev.firn.map;

import dev.firn.store.NoSpaceException;
import dev.firn.store.SegmentLog;
import dev.firn.store.StoreFailedException;
import java.io.IOException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether a map can be written, and if not, why not. After a write or sync that failed, or a change
 * that broke off half way, nothing is written any more; a full disk is no such failure, nor is it
 * that the map was closed meanwhile. Safe for concurrent use.
 */
final class EndOfWriting {
  private static final Logger LOG = LoggerFactory.getLogger(EndOfWriting.class);

  private final SegmentLog log;
  private final Supplier<String> name;

  /** Says it to users; set before {@link #cause}, and with it. */
  private volatile String problem;

  private volatile IOException cause;

  /**
   * @param name what users call the volume, like {@code volume 'data'}
   */
  EndOfWriting(SegmentLog log, Supplier<String> name) {
    this.log = log;
    this.name = name;
  }

  /** Why writing ended, or null. */
  IOException cause() {
    return cause;
  }

  /** In one line for users why writing ended and what to do, or null. */
  String problem() {
    return problem;
  }

  void requireNone() throws StoreFailedException {
    IOException ended = cause;
    if (ended != null) {
      throw new StoreFailedException(problem, ended);
    }
  }

  /**
   * Does work that ends writing where it breaks off, unless a full disk is why, or that the map was
   * closed.
   *
   * @param otherwise the reason to tell if the log has none
   */
  <T> T unlessDone(String otherwise, VolumeMap.PlaceAction<T> work) throws IOException {
    boolean ends = true;
    IOException failure = null;
    try {
      T result = work.run();
      ends = false;
      return result;
    } catch (NoSpaceException | ClosedMapException e) {
      ends = log.failure() != null;
      throw e;
    } catch (IOException e) {
      failure = e;
      throw e;
    } catch (RuntimeException | Error e) {
      failure = new IOException(otherwise, e);
      throw e;
    } finally {
      if (ends) {
        comes(failure);
      }
    }
  }

  /** Writing ends: for the log's reason, if it has one, and the first reason stays. */
  synchronized void comes(IOException otherwise) {
    if (cause != null) {
      return;
    }
    IOException reason = log.failure() != null ? log.failure() : otherwise;
    problem = told("the volume", reason);
    cause = reason;
    // Only then: names are on a disk that may fail, or hang, too.
    String volume = name.get();
    problem = told(volume, reason);
    LOG.error("{} is read-only from now on: {}", volume, reason.getMessage(), reason);
  }

  private static String told(String volume, IOException reason) {
    return String.format(
        "%s is read-only since writing failed (%s): see to the disk, then unmount the volume and"
            + " mount it anew",
        volume, reason.getMessage());
  }
}
