package dev.firn.server.oapi;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * Locks an access key, or an email, for a while after some wrong tries in a row, longer each time.
 * It remembers those that were tried last, also those that do not exist. Safe for concurrent use.
 */
final class KeyGuard {
  private static final int TRIES = 4;
  private static final Duration LOCK_MIN = Duration.ofMinutes(1);
  private static final Duration LOCK_MAX = Duration.ofMinutes(10);
  private static final int KEYS_MAX = 10_000;

  private final Cache<String, Tries> tries = Caffeine.newBuilder().maximumSize(KEYS_MAX).build();
  private final Clock clock;

  KeyGuard(Clock clock) {
    this.clock = clock;
  }

  private record Tries(int failed, Duration lock, Instant lockedUntil) {}

  void requireUnlocked(String keyId) {
    Tries known = tries.getIfPresent(keyId);
    if (known != null && clock.instant().isBefore(known.lockedUntil())) {
      throw new OapiException(
          Problem.NOT_AUTHENTICATED,
          "after wrong tries this is locked for up to %d minutes",
          known.lock().toMinutes());
    }
  }

  void failed(String keyId) {
    tries
        .asMap()
        .compute(
            keyId,
            (id, known) -> {
              Tries before = known == null ? new Tries(0, Duration.ZERO, Instant.MIN) : known;
              if (before.failed() + 1 < TRIES) {
                return new Tries(before.failed() + 1, before.lock(), before.lockedUntil());
              }
              Duration lock = before.lock().isZero() ? LOCK_MIN : before.lock().multipliedBy(2);
              if (lock.compareTo(LOCK_MAX) > 0) {
                lock = LOCK_MAX;
              }
              return new Tries(0, lock, clock.instant().plus(lock));
            });
  }

  void succeeded(String keyId) {
    tries.invalidate(keyId);
  }
}
