package dev.firn.region;

/** Where a volume is in its life; stored and shown by {@link #text}. */
public enum VolumeState {
  CREATING("creating"),
  AVAILABLE("available"),
  /** Opened, by a mount or otherwise. Never stored. */
  IN_USE("in-use"),
  DELETING("deleting");

  private final String text;

  VolumeState(String text) {
    this.text = text;
  }

  /** The word users and scripts see, like {@code in-use}. */
  public String text() {
    return text;
  }

  /** The state with this {@link #text}. */
  static VolumeState of(String text) {
    for (VolumeState state : values()) {
      if (state.text.equals(text)) {
        return state;
      }
    }
    throw new IllegalArgumentException("no volume state '" + text + "'");
  }
}
