package dev.firn.fuse.kernel;

import java.util.Arrays;
import java.util.BitSet;

/** On which processors a thread may run. Safe for concurrent use. */
final class Affinity {
  private static final int MASK_BYTES = 1024;

  /** The processors of this process, as it was started. */
  private static final byte[] ALL = all();

  private final byte[] one = new byte[MASK_BYTES];
  private final byte[] others = ALL.clone();
  private final boolean binds;
  private final boolean hasOthers;

  /**
   * @param processor which threads are bound to; where this process may not run on it, nothing
   *     binds
   */
  Affinity(int processor) {
    int at = processor / Byte.SIZE;
    int bit = 1 << processor % Byte.SIZE;
    binds = at < MASK_BYTES && (ALL[at] & bit) != 0;
    if (binds) {
      one[at] = (byte) bit;
      others[at] &= (byte) ~bit;
    }
    hasOthers = binds && processors() > 1;
  }

  private static byte[] all() {
    byte[] mask = new byte[MASK_BYTES];
    // 0: the calling thread, which was never bound.
    if (LinuxCalls.LIBC.sched_getaffinity(0, mask.length, mask) < 0) {
      Arrays.fill(mask, (byte) -1);
    }
    return mask;
  }

  /** How many processors this process may run on, however much of their time it may have. */
  static int processors() {
    return BitSet.valueOf(ALL).cardinality();
  }

  /** Whether this process may run on the processor. */
  boolean binds() {
    return binds;
  }

  /** Binds the calling thread, if it may be. */
  void bind() {
    if (binds) {
      LinuxCalls.LIBC.sched_setaffinity(0, one.length, one);
    }
  }

  /** Whether there are other processors, and threads can be kept from this one. */
  boolean hasOthers() {
    return hasOthers;
  }

  /** Lets the calling thread run wherever the process may but there, if {@link #hasOthers}. */
  void avoid() {
    if (hasOthers) {
      LinuxCalls.LIBC.sched_setaffinity(0, others.length, others);
    }
  }

  /** Lets the calling thread run wherever the process may. */
  void free() {
    if (binds) {
      LinuxCalls.LIBC.sched_setaffinity(0, ALL.length, ALL);
    }
  }
}
