package dev.firn.pack;

import dev.firn.base.DiskErrors;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.IOException;

/** Tells a disk that is full, which users can do something about, from one that fails. */
final class FullDisk {
  private FullDisk() {}

  /** Answers {@code failure}, or throws NO_SPACE in its place. */
  static IOException explain(IOException failure, String where) {
    if (DiskErrors.saysFull(failure.getMessage())) {
      throw new FirnException(
          ErrorKind.NO_SPACE, where + " is full; nothing was left behind; free space", failure);
    }
    return failure;
  }
}
