package dev.firn.region;

import java.time.Instant;

/**
 * With what an account signs requests; the secret is told once, when the key is made.
 *
 * @param id 20 capital letters and digits
 * @param active whether it may be used, as far as its owner says
 * @param tag free text, or null
 * @param expiresAt null: never
 */
public record AccessKey(
    String id,
    String accountId,
    boolean active,
    String tag,
    Instant createdAt,
    Instant changedAt,
    Instant expiresAt) {

  /** Whether requests of that time may be signed with it. */
  public boolean isUsable(Instant now) {
    return active && (expiresAt == null || now.isBefore(expiresAt));
  }
}
