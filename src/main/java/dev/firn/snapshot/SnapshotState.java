package dev.firn.snapshot;

/** Where a snapshot is in its life; stored and shown by {@link #text}. */
public enum SnapshotState {
  /** The request is accepted and durable. */
  IN_QUEUE("in-queue"),
  /** Barrier, freeze and commit are running. */
  PENDING("pending"),
  /** The frozen root is durable; its data never changes again. */
  COMPLETED("completed"),
  /** It could not be taken; {@link Snapshot#failure} says why. */
  ERROR("error"),
  /** Asked to go; goes when the last reader has left. */
  DELETING("deleting");

  private final String text;

  SnapshotState(String text) {
    this.text = text;
  }

  /** The word users and scripts see, like {@code in-queue}. */
  public String text() {
    return text;
  }

  /** The state with this {@link #text}. */
  public static SnapshotState of(String text) {
    for (SnapshotState state : values()) {
      if (state.text.equals(text)) {
        return state;
      }
    }
    throw new IllegalArgumentException("no snapshot state '" + text + "'");
  }
}
