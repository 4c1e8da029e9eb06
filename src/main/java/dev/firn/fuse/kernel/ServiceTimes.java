package dev.firn.fuse.kernel;

/**
 * How long requests of each kind took lately, to foretell whether one is worth another thread.
 * Updates of several threads may lose one another: an estimate does not mind.
 */
final class ServiceTimes {
  /** From here on waking another reader is cheap in comparison. */
  private static final long LONG_NANOS = 100_000;

  /** The same when no request waits: who comes next would wait so long at most. */
  private static final long LONG_WHEN_QUIET_NANOS = 500_000;

  /** An observation's weight is 1 in this many. */
  private static final int WEIGHT = 8;

  /** Requests with long payloads are a kind of their own. */
  private static final int BIG_BYTES_MIN = 64 << 10;

  private static final int OPCODES = 64;

  private final long[] averageNanos = new long[2 * OPCODES];

  static int kindOf(Request request) {
    int opcode = request.opcode() & (OPCODES - 1);
    int bytes =
        switch (request.opcode()) {
          case Opcode.READ, Opcode.WRITE -> request.intAt(16);
          default -> 0;
        };
    return bytes >= BIG_BYTES_MIN ? OPCODES + opcode : opcode;
  }

  /** Whether requests of the kind carry bytes of files, and few. */
  static boolean isSmallTransfer(int kind) {
    return kind == Opcode.READ || kind == Opcode.WRITE;
  }

  /** Whether requests of the kind have long payloads. */
  static boolean isBig(int kind) {
    return kind >= OPCODES;
  }

  boolean areLong(int kind, boolean quiet) {
    return averageNanos[kind] > (quiet ? LONG_WHEN_QUIET_NANOS : LONG_NANOS);
  }

  void took(int kind, long nanos) {
    averageNanos[kind] += (nanos - averageNanos[kind]) / WEIGHT;
  }
}
