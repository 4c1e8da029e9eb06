package dev.firn.base;

/**
 * A failure meant for the user: its message is one line that says what failed, on what, why, and
 * what to do next. Anything else that is thrown is a bug or an I/O failure, not a user's error.
 */
public final class FirnException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorKind kind;

  /**
   * Which failure of its kind it is, in a word for programs, like {@code too-many-tags}; or null.
   */
  private final String reason;

  public FirnException(ErrorKind kind, String message) {
    this(kind, message, null);
  }

  public FirnException(ErrorKind kind, String message, Throwable cause) {
    this(kind, message, cause, null);
  }

  private FirnException(ErrorKind kind, String message, Throwable cause, String reason) {
    super(message, cause);
    this.kind = kind;
    this.reason = reason;
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

  /** The same failure with a word for programs. */
  public FirnException because(String word) {
    return new FirnException(kind, getMessage(), getCause(), word);
  }

  /** The word that {@link #because} gave, or null. */
  public String reason() {
    return reason;
  }

  public ErrorKind kind() {
    return kind;
  }
}
