package dev.firn.server;

import java.io.IOException;
import java.util.Map;

/**
 * What long work tells while it runs. Safe for concurrent use. Every method throws once the client
 * has gone or the server is stopping, so that the work ends too.
 */
public interface Events {
  /**
   * Tells how far the work is; reports that come faster than anybody can look at are left out, but
   * never the one that all is done.
   *
   * @param done in {@code unit}s, from 0
   * @param total in the same unit; -1: not known
   * @param unit a plural, like {@code bytes}
   */
  void progress(long done, long total, String unit) throws IOException;

  /** Hands over one element of a long result. */
  void item(Map<String, ?> item) throws IOException;
}
