package dev.firn.store;

import java.io.IOException;

/** The bytes were written by a later version of Firn, whose format this one does not know. */
public final class NewerFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  public NewerFormatException(String message) {
    super(message);
  }
}
