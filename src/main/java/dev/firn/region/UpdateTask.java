package dev.firn.region;

import java.time.Instant;

/**
 * A change of a volume's size or type.
 *
 * @param id {@code vol-update-} and eight hexadecimal digits
 * @param number home-wide, growing
 * @param state {@code active}, {@code completed} or {@code failed}
 * @param comment why it failed, or null
 * @param completedAt null while it is active
 */
public record UpdateTask(
    String id,
    long number,
    String accountId,
    String volumeId,
    String state,
    String comment,
    Size origin,
    Size target,
    Instant startedAt,
    Instant completedAt) {
  static final String ACTIVE = "active";
  static final String COMPLETED = "completed";
  static final String FAILED = "failed";

  /** What a volume is before or after. */
  public record Size(long sizeBytes, VolumeOffer offer) {}
}
