package dev.firn.base;

/** Tells a disk that is full from one that fails, as far as Java lets one. */
public final class DiskErrors {
  /** What Linux says for ENOSPC and EDQUOT; exceptions carry no number. */
  private static final String[] FULL = {"No space left on device", "Disk quota exceeded"};

  private DiskErrors() {}

  /** Whether an I/O failure's message, which may be null, says that the disk or a quota is full. */
  public static boolean saysFull(String message) {
    for (String full : FULL) {
      if (message != null && message.contains(full)) {
        return true;
      }
    }
    return false;
  }
}
