package dev.firn.fuse.kernel;

import dev.firn.base.FirnException;

/** Whether a mount's requests are to come over io_uring. */
enum RingUse {
  /** If kernel and machine allow it. */
  AUTO,
  /** Or there is no mount. */
  ON,
  OFF;

  /** What follows {@code io_uring=}. */
  static RingUse of(String word) {
    return switch (word) {
      case "auto" -> AUTO;
      case "on" -> ON;
      case "off" -> OFF;
      default ->
          throw FirnException.usage(
              "unknown value '%s' of the mount option io_uring; there are auto, on, off", word);
    };
  }
}
