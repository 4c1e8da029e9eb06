package dev.firn.region;

import dev.firn.base.FirnException;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * The accounts of a home, their access keys and quotas, as its administrator sees them. Safe for
 * concurrent use.
 */
public final class Accounts {
  private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  private static final int ID_CHARACTERS = 20;
  private static final int SECRET_CHARACTERS = 40;
  private static final int TAG_CHARACTERS_MAX = 255;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final AccountRows rows;
  private final AccessKeyRows keys;
  private final QuotaRows quotas;
  private final Logins logins;
  private final SecretBox secrets;
  private final CatalogCopy copy;
  private final Clock clock;

  Accounts(Catalog catalog, SecretBox secrets, Clock clock, CatalogCopy copy) {
    this.rows = new AccountRows(catalog, clock);
    this.keys = new AccessKeyRows(catalog);
    this.quotas = new QuotaRows(catalog);
    this.logins = new Logins(catalog, clock);
    this.secrets = secrets;
    this.copy = copy;
    this.clock = clock;
  }

  /** An access key and its secret, which nobody is told again. */
  public record NewAccessKey(AccessKey key, String secret) {
    @Override
    public String toString() {
      return key.toString();
    }
  }

  /** What to verify signatures with. */
  public record Credentials(AccessKey key, String secret) {
    @Override
    public String toString() {
      return key.toString();
    }
  }

  /** Makes an account; CONFLICT if the name is taken. */
  public Account create(String name) {
    Checks.name("account", name);
    Account made = rows.insert(name);
    copy.update();
    return made;
  }

  /** All, by their ids. */
  public List<Account> all() {
    return rows.all();
  }

  /** The account; NOT_FOUND if there is none. */
  public Account account(String id) {
    Account found = rows.find(id);
    if (found == null) {
      throw FirnException.notFound(
          "account '%s' does not exist: 'firn account list' shows those that do", id);
    }
    return found;
  }

  /**
   * Makes an access key.
   *
   * @param tag free text, or null
   * @param expiresAt null: never
   */
  public NewAccessKey createKey(String accountId, String tag, Instant expiresAt)
      throws IOException {
    account(accountId);
    checkTag(tag);
    Instant now = now();
    checkExpiry(expiresAt, now);
    String id = random(ID_CHARACTERS);
    String secret = random(SECRET_CHARACTERS);
    AccessKey key = new AccessKey(id, accountId, true, tag, now, now, expiresAt);
    keys.insert(key, secrets.seal(id, secret));
    return new NewAccessKey(key, secret);
  }

  public List<AccessKey> keys(String accountId) {
    return keys.of(accountId);
  }

  /** A key of an account; NOT_FOUND if it has no such key. */
  public AccessKey key(String accountId, String keyId) {
    AccessKeyRows.Sealed found = keys.find(keyId);
    if (found == null || !found.key().accountId().equals(accountId)) {
      throw FirnException.notFound(
              "account %s has no access key '%s': 'firn key list' shows its keys", accountId, keyId)
          .because("access-keys-not-found");
    }
    return found.key();
  }

  /** Makes a key's tag, expiry and activity what they are in {@code changed}. */
  public AccessKey updateKey(AccessKey changed) {
    checkTag(changed.tag());
    Instant now = now();
    if (changed.expiresAt() != null
        && !changed.expiresAt().equals(key(changed.accountId(), changed.id()).expiresAt())) {
      checkExpiry(changed.expiresAt(), now);
    }
    AccessKey updated =
        new AccessKey(
            changed.id(),
            changed.accountId(),
            changed.active(),
            changed.tag(),
            changed.createdAt(),
            now,
            changed.expiresAt());
    keys.update(updated);
    return updated;
  }

  public void deleteKey(String accountId, String keyId) {
    keys.remove(key(accountId, keyId).id());
  }

  /** What a key's signatures are verified with, whether it may be used or not; null if unknown. */
  public Credentials credentials(String keyId) throws IOException {
    AccessKeyRows.Sealed found = keys.find(keyId);
    return found == null
        ? null
        : new Credentials(found.key(), secrets.open(keyId, found.sealedSecret()));
  }

  /** The emails and passwords of the accounts. */
  public Logins logins() {
    return logins;
  }

  public List<QuotaUse> quotas(String accountId) {
    return quotas.all(account(accountId).id());
  }

  /** Limits what an account may have from now on; 0: no limit. */
  public void setQuota(String accountId, Quota quota, long maxValue) {
    quotas.set(account(accountId).id(), quota, maxValue);
    copy.update();
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }

  private static void checkTag(String tag) {
    if (tag != null && (tag.isEmpty() || tag.length() > TAG_CHARACTERS_MAX)) {
      throw FirnException.usage(
          "the tag of an access key has 1 to %d characters", TAG_CHARACTERS_MAX);
    }
  }

  private static void checkExpiry(Instant expiresAt, Instant now) {
    if (expiresAt != null && !expiresAt.isAfter(now)) {
      throw FirnException.usage("an access key cannot expire in the past, at %s", expiresAt);
    }
  }

  private static String random(int characters) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < characters; i++) {
      text.append(LETTERS.charAt(RANDOM.nextInt(LETTERS.length())));
    }
    return text.toString();
  }
}
