package dev.firn.server.oapi;

import dev.firn.region.Logins;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Base64;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Verifies who sends an email and a password instead of a signature, which is good for the actions
 * on access keys and for nothing else. An email is locked as keys are, whether anybody has it or
 * not. Safe for concurrent use.
 */
final class Passwords {
  private static final String SCHEME = "basic";
  private static final long WAIT_SECONDS_MAX = 5;

  private final Logins logins;
  private final KeyGuard guard;
  private final Clock clock;

  /** Trying a password takes a processor's time, of which strangers shall not get all. */
  private final Semaphore turns = new Semaphore(1, true);

  Passwords(Logins logins, Clock clock) {
    this.logins = logins;
    this.guard = new KeyGuard(clock);
    this.clock = clock;
  }

  /** Whether a request comes with an email and a password. */
  static boolean areIn(SignedRequest request) {
    String header = request.header("authorization");
    return header != null && header.strip().toLowerCase(Locale.ROOT).matches(SCHEME + "( .*)?");
  }

  /**
   * Whose they are.
   *
   * @throws OapiException of NOT_AUTHENTICATED if they are nobody's
   */
  Caller verify(SignedRequest request) {
    String[] parts = decoded(request.header("authorization")).split(":", 2);
    if (parts.length != 2) {
      throw denied("the Authorization header has no email and password");
    }
    String date = request.header("x-osc-date");
    if (date == null) {
      throw denied("the header X-Osc-Date is missing");
    }
    Signatures.requireFresh(date, clock.instant());
    String email = parts[0].toLowerCase(Locale.ROOT);
    guard.requireUnlocked(email);
    takeTurn();
    try {
      // Those that waited beside may have been wrong, too.
      guard.requireUnlocked(email);
      String account = logins.account(email, parts[1]);
      if (account == null) {
        guard.failed(email);
        throw denied("the email or the password is not valid");
      }
      guard.succeeded(email);
      return new Caller(account, null);
    } finally {
      turns.release();
    }
  }

  private void takeTurn() {
    boolean taken = false;
    try {
      taken = turns.tryAcquire(WAIT_SECONDS_MAX, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!taken) {
      throw new OapiException(
          Problem.UNAVAILABLE, "too many passwords are being verified: try again later");
    }
  }

  private static String decoded(String header) {
    try {
      byte[] bytes = Base64.getDecoder().decode(header.strip().substring(SCHEME.length()).strip());
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (IllegalArgumentException | CharacterCodingException e) {
      throw denied("the Authorization header is not in Base64");
    }
  }

  private static OapiException denied(String words) {
    return new OapiException(Problem.NOT_AUTHENTICATED, "%s", words);
  }
}
