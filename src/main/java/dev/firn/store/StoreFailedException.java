package dev.firn.store;

import java.io.IOException;

/**
 * An earlier write or sync failed, so nothing can be written until the volume is opened again. What
 * was durable stays readable.
 */
public final class StoreFailedException extends IOException {
  private static final long serialVersionUID = 1L;

  public StoreFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
