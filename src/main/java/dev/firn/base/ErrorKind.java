package dev.firn.base;

/** The kinds of failure a user can act on, each with the exit status scripts rely on. */
public enum ErrorKind {
  FAILED(1),
  USAGE(2),
  NOT_FOUND(3),
  CONFLICT(4),
  NO_SPACE(5),
  CORRUPT(6),
  NOT_PERMITTED(7);

  private final int exitStatus;

  ErrorKind(int exitStatus) {
    this.exitStatus = exitStatus;
  }

  /** The process exit status, 1 to 7. */
  public int exitStatus() {
    return exitStatus;
  }
}
