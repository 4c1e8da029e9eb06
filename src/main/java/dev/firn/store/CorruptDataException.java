package dev.firn.store;

import java.io.IOException;

/** Stored bytes are not what was written: a checksum, a length or a structure is wrong. */
public final class CorruptDataException extends IOException {
  private static final long serialVersionUID = 1L;

  public CorruptDataException(String message) {
    super(message);
  }

  public CorruptDataException(String message, Throwable cause) {
    super(message, cause);
  }
}
