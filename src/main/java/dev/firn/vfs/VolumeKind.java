package dev.firn.vfs;

/** What a volume is for its users; stored and shown by {@link #text}. */
public enum VolumeKind {
  /** A tree of files. */
  FILESYSTEM("filesystem"),
  /** One raw disk: see {@link Disk}. */
  BLOCK("block");

  private final String text;

  VolumeKind(String text) {
    this.text = text;
  }

  /** The word users and scripts see, like {@code block}. */
  public String text() {
    return text;
  }

  /**
   * The kind with this {@link #text}.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static VolumeKind of(String text) {
    for (VolumeKind kind : values()) {
      if (kind.text.equals(text)) {
        return kind;
      }
    }
    throw new IllegalArgumentException("no volume kind '" + text + "'");
  }
}
