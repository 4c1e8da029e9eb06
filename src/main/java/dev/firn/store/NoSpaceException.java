package dev.firn.store;

import java.io.IOException;

/**
 * The disk under the store is full, perhaps but for the reserve that deleting and syncing need.
 * What was to be written was not, and may be written again.
 */
public final class NoSpaceException extends IOException {
  private static final long serialVersionUID = 1L;

  public NoSpaceException(String message) {
    super(message);
  }

  public NoSpaceException(String message, Throwable cause) {
    super(message, cause);
  }
}
