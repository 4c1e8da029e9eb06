package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import java.util.Arrays;
import java.util.stream.Collectors;

/** What an account may have so much of. Without a limit that was set there is none. */
public enum Quota {
  SNAPSHOTS("snapshots", "snapshots", "too-many-snapshots"),
  /** Snapshots that are being taken at one moment. */
  CONCURRENT_SNAPSHOTS(
      "concurrent_snapshots", "snapshots at one moment", "too-many-concurrent-snapshots"),
  VOLUMES("volumes", "volumes", "too-many-volumes"),
  /** The sizes of all volumes together, in GiB. */
  VOLUME_GIB("volume_gib", "GiB of volumes", "too-much-volume-size"),
  TAGS("tags", "tags", "too-many-tags");

  private final String text;
  private final String words;
  private final String reason;

  Quota(String text, String words, String reason) {
    this.text = text;
    this.words = words;
    this.reason = reason;
  }

  /** What users call it. */
  public String text() {
    return text;
  }

  /** What it limits, for people. */
  public String words() {
    return words;
  }

  /** The one with this {@link #text}; USAGE if there is none. */
  public static Quota named(String name) {
    for (Quota quota : values()) {
      if (quota.text.equals(name)) {
        return quota;
      }
    }
    throw FirnException.usage(
        "there is no quota '%s': choose one of %s",
        name, Arrays.stream(values()).map(Quota::text).collect(Collectors.joining(", ")));
  }

  /** The counter in the catalog, or null for what is counted when it is asked for. */
  String counter() {
    return switch (this) {
      case CONCURRENT_SNAPSHOTS -> null;
      case VOLUME_GIB -> "volume_bytes";
      default -> text;
    };
  }

  /** How much of the counter's unit is one of the quota's. */
  long unit() {
    return this == VOLUME_GIB ? Sizes.GIB : 1;
  }

  FirnException exceeded(String accountId, long maxValue) {
    return FirnException.noSpace(
            "account %s may have %d %s, and that would be more: delete some, or raise the quota"
                + " ('firn quota set %s NUMBER')",
            accountId, maxValue, words, text)
        .because(reason);
  }
}
