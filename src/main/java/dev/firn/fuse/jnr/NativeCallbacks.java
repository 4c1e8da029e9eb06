package dev.firn.fuse.jnr;

import jnr.ffi.annotations.Delegate;

/**
 * The shapes of libfuse's callbacks: L is an address or 64-bit number, I a 32-bit one. jnr-fuse's
 * own callback types would decode paths as text and wrap every address in an object; numbers keep
 * names as the bytes they are. Public for jnr-ffi, which calls them from generated classes.
 *
 * <p>Right for 64-bit Linux, where {@code long} is as wide as an address.
 */
public final class NativeCallbacks {
  private NativeCallbacks() {}

  /** init. */
  public interface Init {
    @Delegate
    long call(long connection);
  }

  /** unlink, rmdir. */
  public interface L {
    @Delegate
    int call(long path);
  }

  /** getattr, symlink, rename, link, truncate, open, statfs, release, opendir, utimens and more. */
  public interface LL {
    @Delegate
    int call(long a, long b);
  }

  /** readlink, ftruncate, fgetattr, listxattr. */
  public interface LLL {
    @Delegate
    int call(long a, long b, long c);
  }

  /** getxattr. */
  public interface LLLL {
    @Delegate
    int call(long a, long b, long c, long d);
  }

  /** read, write, readdir. */
  public interface LLLLL {
    @Delegate
    int call(long a, long b, long c, long d, long e);
  }

  /** mkdir, chmod. */
  public interface LI {
    @Delegate
    int call(long a, int b);
  }

  /** chown. */
  public interface LII {
    @Delegate
    int call(long a, int b, int c);
  }

  /** mknod, create, fsync, fsyncdir. */
  public interface LIL {
    @Delegate
    int call(long a, int b, long c);
  }

  /** setxattr. */
  public interface LLLLI {
    @Delegate
    int call(long a, long b, long c, long d, int e);
  }

  /** fallocate. */
  public interface LILLL {
    @Delegate
    int call(long a, int b, long c, long d, long e);
  }
}
