package dev.firn.fuse.kernel;

/**
 * The features that kernel and server agree on with their first message: linux/fuse.h. Only those
 * that Firn asks for; why it does is in native-notes/kernel-protocol.md.
 */
final class InitFlags {
  static final long ASYNC_READ = 1L;
  static final long ATOMIC_O_TRUNC = 1L << 3;
  static final long EXPORT_SUPPORT = 1L << 4;
  static final long BIG_WRITES = 1L << 5;
  static final long DONT_MASK = 1L << 6;
  static final long DO_READDIRPLUS = 1L << 13;
  static final long READDIRPLUS_AUTO = 1L << 14;
  static final long ASYNC_DIO = 1L << 15;
  static final long WRITEBACK_CACHE = 1L << 16;
  static final long PARALLEL_DIROPS = 1L << 18;
  static final long POSIX_ACL = 1L << 20;
  static final long ABORT_ERROR = 1L << 21;
  static final long MAX_PAGES = 1L << 22;
  static final long CACHE_SYMLINKS = 1L << 23;
  static final long EXPLICIT_INVAL_DATA = 1L << 25;
  static final long HANDLE_KILLPRIV_V2 = 1L << 28;
  static final long SETXATTR_EXT = 1L << 29;

  /** Says that the upper half of the flags is there, too. */
  static final long INIT_EXT = 1L << 30;

  /** Requests come over io_uring, once its queues are registered. */
  static final long OVER_IO_URING = 1L << 41;

  private InitFlags() {}
}
