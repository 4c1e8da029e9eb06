package dev.firn.pack;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.IOException;

/** Tells a disk that is full, which users can do something about, from one that fails. */
final class FullDisk {
  /** What Linux says for ENOSPC and EDQUOT; Java has no other way to tell them. */
  private static final String[] MESSAGES = {"No space left on device", "Disk quota exceeded"};

  private FullDisk() {}

  /** Answers {@code failure}, or throws NO_SPACE in its place. */
  static IOException explain(IOException failure, String where) {
    String message = failure.getMessage();
    for (String full : MESSAGES) {
      if (message != null && message.contains(full)) {
        throw new FirnException(
            ErrorKind.NO_SPACE, where + " is full; nothing was left behind; free space", failure);
      }
    }
    return failure;
  }
}
