package dev.firn.fuse.kernel;

import dev.firn.base.FirnException;
import java.nio.file.Path;

/**
 * What kernel and server agreed on in their first exchange: version, features, sizes. Does not
 * change once it was answered.
 *
 * <pre>
 * fuse_init_in                        fuse_init_out, 64 bytes
 *  0 u32 major    12 u32 flags         0 u32 major       18 u16 congestion threshold
 *  4 u32 minor    16 u32 flags, upper  4 u32 minor       20 u32 bytes of a write
 *  8 u32 bytes to read ahead           8 u32 read ahead  24 u32 granularity of times, ns
 *                                     12 u32 flags       28 u16 pages of a request
 *                                     16 u16 background  32 u32 flags, upper
 * </pre>
 */
final class Negotiation {
  /** The longest payload of a request or an answer: 256 pages, the most that kernels allow. */
  static final int PAYLOAD_BYTES_MAX = 1 << 20;

  private static final int MAJOR = 7;
  private static final int MINOR_MIN = 31;

  /** The newest minor version whose messages this package knows. */
  private static final int MINOR_MAX = 45;

  private static final int ANSWER_BYTES = 64;
  private static final int PAGE_BYTES = 4096;

  /** Asynchronous requests (read-ahead, write-back) under way before the kernel waits. */
  private static final int BACKGROUND_MAX = 64;

  private static final int CONGESTION_THRESHOLD = 48;

  private static final long WANTED =
      InitFlags.ASYNC_READ
          | InitFlags.ATOMIC_O_TRUNC
          | InitFlags.EXPORT_SUPPORT
          | InitFlags.BIG_WRITES
          | InitFlags.DONT_MASK
          | InitFlags.DO_READDIRPLUS
          | InitFlags.READDIRPLUS_AUTO
          | InitFlags.ASYNC_DIO
          | InitFlags.PARALLEL_DIROPS
          | InitFlags.ABORT_ERROR
          | InitFlags.MAX_PAGES
          | InitFlags.CACHE_SYMLINKS
          | InitFlags.EXPLICIT_INVAL_DATA
          | InitFlags.HANDLE_KILLPRIV_V2
          | InitFlags.SETXATTR_EXT
          | InitFlags.INIT_EXT;

  private final int minor;
  private final int readAheadBytes;
  private long flags;

  private Negotiation(int minor, int readAheadBytes, long flags) {
    this.minor = minor;
    this.readAheadBytes = readAheadBytes;
    this.flags = flags;
  }

  /**
   * Reads the kernel's INIT.
   *
   * @param optionalFlags what the mount's options ask for
   * @throws FirnException FAILED when the kernel's protocol is too old
   */
  static Negotiation of(Request init, long optionalFlags, Path directory) {
    int major = init.intAt(0);
    int minor = init.intAt(4);
    if (major != MAJOR || minor < MINOR_MIN) {
      throw FirnException.failed(
          "cannot mount at '%s': this kernel speaks FUSE %d.%d, and %d.%d (Linux 5.4) is needed; use"
              + " --transport jnr-fuse",
          directory, major, minor, MAJOR, MINOR_MIN);
    }
    return new Negotiation(
        Math.min(minor, MINOR_MAX), init.intAt(8), (WANTED | optionalFlags) & offeredFlags(init));
  }

  private static long offeredFlags(Request init) {
    long offered = init.intAt(12) & 0xffffffffL;
    if ((offered & InitFlags.INIT_EXT) != 0) {
      offered |= (long) init.intAt(16) << 32;
    }
    return offered;
  }

  /** What the kernel says it could do. */
  static KernelOffer offered(Request init) {
    return new KernelOffer(
        init.intAt(0) + "." + init.intAt(4), (offeredFlags(init) & InitFlags.OVER_IO_URING) != 0);
  }

  /** Writes the answer to INIT. */
  int answer(Request init) {
    for (int i = 0; i < ANSWER_BYTES; i += Long.BYTES) {
      init.putLong(i, 0);
    }
    init.putInt(0, MAJOR)
        .putInt(4, minor)
        .putInt(8, readAheadBytes)
        .putInt(12, (int) flags)
        .putShort(16, BACKGROUND_MAX)
        .putShort(18, CONGESTION_THRESHOLD)
        .putInt(20, PAYLOAD_BYTES_MAX)
        .putInt(24, 1)
        .putShort(28, PAYLOAD_BYTES_MAX / PAGE_BYTES)
        .putInt(32, (int) (flags >>> 32));
    return ANSWER_BYTES;
  }

  /** Does not ask for a feature after all; before {@link #answer}. */
  void without(long flag) {
    flags &= ~flag;
  }

  boolean has(long flag) {
    return (flags & flag) != 0;
  }

  @Override
  public String toString() {
    return "FUSE " + MAJOR + '.' + minor + ", flags 0x" + Long.toHexString(flags);
  }
}
