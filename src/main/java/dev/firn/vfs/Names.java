package dev.firn.vfs;

/** What names may be. */
final class Names {
  private Names() {}

  /** Throws unless it can be the name of an entry: 1 to 255 bytes without '/' and NUL. */
  static void require(byte[] name) throws ErrnoException {
    if (name.length == 0) {
      throw new ErrnoException(Errno.ENOENT);
    }
    if (name.length > FileSystem.NAME_BYTES_MAX) {
      throw new ErrnoException(Errno.ENAMETOOLONG);
    }
    if (DirectoryEntry.isDots(name)) {
      throw new ErrnoException(Errno.EINVAL);
    }
    for (byte b : name) {
      if (b == '/' || b == 0) {
        throw new ErrnoException(Errno.EINVAL);
      }
    }
  }

  static boolean isDot(byte[] name) {
    return name.length == 1 && name[0] == '.';
  }

  static boolean isDotDot(byte[] name) {
    return name.length == 2 && name[0] == '.' && name[1] == '.';
  }

  /** Throws unless it can be the name of an extended attribute: 1 to 255 bytes without NUL. */
  static void requireXattr(byte[] name) throws ErrnoException {
    if (name.length == 0 || name.length > FileSystem.NAME_BYTES_MAX) {
      throw new ErrnoException(Errno.ERANGE);
    }
    for (byte b : name) {
      if (b == 0) {
        throw new ErrnoException(Errno.EINVAL);
      }
    }
  }
}
