package dev.firn.store;

import java.io.IOException;
import java.util.Random;
import java.util.Set;

/**
 * Which call of a {@link SimulatedDisk} goes wrong, and how. The call is counted among those that
 * this kind of fault can happen to. Guarded by the disk.
 */
public final class FaultPlan {
  /** What Linux says for ENOSPC. */
  static final String NO_SPACE_MESSAGE = "No space left on device";

  /** What can go wrong. */
  public enum Kind {
    WRITE_ERROR(SimulatedDisk.Call.CREATE, SimulatedDisk.Call.WRITE, SimulatedDisk.Call.PREPARE),
    NO_SPACE(SimulatedDisk.Call.CREATE, SimulatedDisk.Call.WRITE, SimulatedDisk.Call.PREPARE),
    FORCE_ERROR(SimulatedDisk.Call.FORCE, SimulatedDisk.Call.FORCE_DIRECTORY),
    FREE_ERROR(SimulatedDisk.Call.PUNCH, SimulatedDisk.Call.DELETE),
    READ_ERROR(SimulatedDisk.Call.READ),
    LOST_WRITE(SimulatedDisk.Call.WRITE),
    MISDIRECTED_WRITE(SimulatedDisk.Call.WRITE),
    FLIPPED_BIT(SimulatedDisk.Call.WRITE);

    private final Set<SimulatedDisk.Call> calls;

    Kind(SimulatedDisk.Call... calls) {
      this.calls = Set.of(calls);
    }

    /** Whether the disk says that all is well. */
    public boolean isLie() {
      return this == LOST_WRITE || this == MISDIRECTED_WRITE || this == FLIPPED_BIT;
    }

    /** Whether nothing may be written any more after it. */
    public boolean isTerminal() {
      return this == WRITE_ERROR || this == FORCE_ERROR;
    }
  }

  /**
   * What happens to one call.
   *
   * @param detail of a failed write, how many thousandths of it are written; of a failed force, the
   *     seed of which sectors are, 0 for none; of a misdirected one, which sector it hits; of a
   *     flip, which bit
   */
  record Fault(Kind kind, int detail) {
    IOException failure() {
      return new IOException(message());
    }

    private String message() {
      return kind == Kind.NO_SPACE ? NO_SPACE_MESSAGE : "Input/output error";
    }

    int part(int length) {
      return (int) ((long) length * Math.min(detail, 1000) / 1000);
    }
  }

  private Fault fault;
  private final boolean lasts;
  private Random random;
  private int oneIn;
  private long callsBefore;
  private SimulatedDisk.Call firedIn;
  private long firedAt;

  private FaultPlan(Fault fault, long callsBefore, boolean lasts) {
    this.fault = fault;
    this.callsBefore = callsBefore;
    this.lasts = lasts;
  }

  /** Nothing goes wrong. */
  public static FaultPlan none() {
    return new FaultPlan(null, 0, false);
  }

  /** One call goes wrong, the one after {@code callsBefore} of those it can happen to. */
  public static FaultPlan once(Kind kind, long callsBefore, int detail) {
    return new FaultPlan(new Fault(kind, detail), callsBefore, false);
  }

  /** That call and all later ones go wrong. */
  public static FaultPlan from(Kind kind, long callsBefore, int detail) {
    return new FaultPlan(new Fault(kind, detail), callsBefore, true);
  }

  /** One in so many of these calls goes wrong, each in a way of its own, until told otherwise. */
  public static FaultPlan sometimes(Kind kind, int oneIn, Random random) {
    FaultPlan plan = new FaultPlan(new Fault(kind, 0), 0, true);
    plan.oneIn = oneIn;
    plan.random = random;
    return plan;
  }

  /** Whether it has happened. */
  public boolean fired() {
    return firedIn != null;
  }

  /** Which call it happened to. */
  public SimulatedDisk.Call firedIn() {
    return firedIn;
  }

  /** How many changes the disk had been asked for, that call included. */
  public long firedAt() {
    return firedAt;
  }

  /** What the failed call says. */
  public String message() {
    return fault.message();
  }

  /** What kind of fault it is; null: none. */
  public Kind kind() {
    return fault == null ? null : fault.kind();
  }

  /** What happens to this call, or null. */
  Fault next(SimulatedDisk.Call call, long changes) {
    if (fault == null || !fault.kind().calls.contains(call) || fired() && !lasts) {
      return null;
    }
    if (random != null) {
      if (random.nextInt(oneIn) != 0) {
        return null;
      }
      fault = new Fault(fault.kind(), random.nextInt(1000));
    }
    if (!fired() && callsBefore-- > 0) {
      return null;
    }
    if (!fired()) {
      firedIn = call;
      firedAt = changes;
    }
    return fault;
  }
}
