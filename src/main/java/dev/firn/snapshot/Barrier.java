package dev.firn.snapshot;

import java.io.IOException;

/**
 * Brings what a kernel still holds back into the volume before a freeze, so that every write that
 * returned before the request is in the image. Transports with a write-back cache provide one.
 */
@FunctionalInterface
public interface Barrier {
  /** Returns once everything written before the call has arrived. */
  void run() throws IOException;
}
