package dev.firn.base;

/**
 * A failure meant for the user: its message is one line that says what failed, on what, why, and
 * what to do next. Anything else that is thrown is a bug or an I/O failure, not a user's error.
 */
public final class FirnException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorKind kind;

  public FirnException(ErrorKind kind, String message) {
    this(kind, message, null);
  }

  public FirnException(ErrorKind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public static FirnException failed(String format, Object... arguments) {
    return new FirnException(ErrorKind.FAILED, String.format(format, arguments));
  }

  public static FirnException usage(String format, Object... arguments) {
    return new FirnException(ErrorKind.USAGE, String.format(format, arguments));
  }

  public static FirnException notFound(String format, Object... arguments) {
    return new FirnException(ErrorKind.NOT_FOUND, String.format(format, arguments));
  }

  public static FirnException conflict(String format, Object... arguments) {
    return new FirnException(ErrorKind.CONFLICT, String.format(format, arguments));
  }

  public static FirnException noSpace(String format, Object... arguments) {
    return new FirnException(ErrorKind.NO_SPACE, String.format(format, arguments));
  }

  public static FirnException corrupt(String format, Object... arguments) {
    return new FirnException(ErrorKind.CORRUPT, String.format(format, arguments));
  }

  public static FirnException notPermitted(String format, Object... arguments) {
    return new FirnException(ErrorKind.NOT_PERMITTED, String.format(format, arguments));
  }

  public ErrorKind kind() {
    return kind;
  }
}
