package dev.firn.store;

import java.io.IOException;

/** The disk under the store is full but for the reserve that deleting and syncing need. */
public final class NoSpaceException extends IOException {
  private static final long serialVersionUID = 1L;

  public NoSpaceException(String message) {
    super(message);
  }
}
