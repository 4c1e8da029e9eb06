package dev.firn.map;

/** What the crash tests do with a volume, and what they do to it. */
enum Operation {
  /** A record that is staged, and its key. */
  PUT,
  /** A record that is written at once, and its key. */
  STORE,
  DELETE,
  /** Staged records are written, without a commit. */
  RELIEVE,
  COMMIT,
  CHECKPOINT,
  FREEZE,
  DROP,
  RESET,
  /** A snapshot gets a second number. */
  COPY,
  RECLAIM,
  /** Another volume is made of a snapshot. */
  CLONE,
  /** It is deleted. */
  DELETE_CLONE,

  /** The volume is closed and opened again. */
  CLOSE,
  /** The volume is let go of as it is, and opened again by the same process. */
  OPEN_AGAIN,
  /** The process dies; the machine goes on. */
  DIE,
  POWER_CUT,

  /** In the middle of an operation; what the volume does later in this life never was. */
  POWER_CUT_DURING,

  // A call of the disk goes wrong; the names are those of FaultPlan.Kind.
  WRITE_ERROR,
  NO_SPACE,
  FORCE_ERROR,
  FREE_ERROR,
  LOST_WRITE,
  MISDIRECTED_WRITE,
  FLIPPED_BIT;

  boolean isOfVolume() {
    return compareTo(DELETE_CLONE) <= 0;
  }

  boolean endsLife() {
    return this == CLOSE || this == OPEN_AGAIN || this == DIE || this == POWER_CUT;
  }

  /** Whether it may change what the volume holds. */
  boolean isChange() {
    return this == PUT
        || this == STORE
        || this == DELETE
        || this == FREEZE
        || this == DROP
        || this == RESET
        || this == COPY;
  }
}
