package dev.firn.map;

import java.io.IOException;

/** A map was closed or abandoned before what was asked of it was done. */
final class ClosedMapException extends IOException {
  private static final long serialVersionUID = 1;

  ClosedMapException(long volumeNumber) {
    super("volume " + volumeNumber + " is closed");
  }
}
