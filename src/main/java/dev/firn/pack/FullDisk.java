package dev.firn.pack;

import dev.firn.base.DiskErrors;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.IOException;

/** Tells a disk that is full, which users can do something about, from one that fails. */
final class FullDisk {
  private FullDisk() {}

  /** Answers {@code failure}, or throws NO_SPACE in its place: nothing was left behind. */
  static IOException explain(IOException failure, String where) {
    return explain(failure, where, false);
  }

  /**
   * @param resumable whether what was done stays, and can be gone on with
   */
  static IOException explain(IOException failure, String where, boolean resumable) {
    if (DiskErrors.saysFull(failure.getMessage())) {
      String advice =
          resumable ? "free space, and go on with --resume" : "nothing was left behind; free space";
      throw new FirnException(ErrorKind.NO_SPACE, where + " is full; " + advice, failure);
    }
    return failure;
  }
}
