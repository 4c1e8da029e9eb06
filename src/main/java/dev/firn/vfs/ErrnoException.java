package dev.firn.vfs;

import java.io.IOException;

/**
 * An operation's answer to the kernel when it cannot be done: an error number, not a fault. Carries
 * no stack trace, since ENOENT is among the commonest answers of a file system.
 */
public final class ErrnoException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Errno errno;

  public ErrnoException(Errno errno) {
    this(errno, errno.name());
  }

  public ErrnoException(Errno errno, String message) {
    super(message);
    this.errno = errno;
  }

  public Errno errno() {
    return errno;
  }

  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
