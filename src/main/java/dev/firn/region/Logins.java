package dev.firn.region;

import dev.firn.base.FirnException;
import java.time.Clock;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Emails and passwords, by which an account gets at its access keys when it has none to hand. Safe
 * for concurrent use.
 */
public final class Logins {
  private static final Pattern EMAIL = Pattern.compile("[^\\s:@]{1,64}@[^\\s:@]{1,189}");
  private static final int PASSWORD_CHARACTERS_MIN = 10;
  private static final int PASSWORD_CHARACTERS_MAX = 255;

  private final Catalog catalog;
  private final Clock clock;

  Logins(Catalog catalog, Clock clock) {
    this.catalog = catalog;
    this.clock = clock;
  }

  private record Row(String accountId, String passwordHash) {}

  /**
   * Gives an account, which must exist, an email and a password instead of those that it had.
   *
   * @throws FirnException CONFLICT if another account has the email, USAGE if they are not usable
   */
  public void set(String accountId, String email, String password) {
    if (!EMAIL.matcher(email).matches()) {
      throw FirnException.usage("'%s' is no email: give one like north@example.com", email);
    }
    if (password.length() < PASSWORD_CHARACTERS_MIN
        || password.length() > PASSWORD_CHARACTERS_MAX) {
      throw FirnException.usage(
          "the password has %d characters: give one of %d to %d",
          password.length(), PASSWORD_CHARACTERS_MIN, PASSWORD_CHARACTERS_MAX);
    }
    String hash = PasswordHash.of(password);
    catalog.transact(
        handle -> {
          boolean taken =
              handle
                  .createQuery(
                      "SELECT account_id FROM logins WHERE email = :email AND account_id <> :id")
                  .bind("email", known(email))
                  .bind("id", accountId)
                  .mapTo(String.class)
                  .findOne()
                  .isPresent();
          if (taken) {
            throw FirnException.conflict(
                "another account has the email '%s': give another one", email);
          }
          handle.execute("DELETE FROM logins WHERE account_id = ?", accountId);
          return handle.execute(
              "INSERT INTO logins (account_id, email, password_hash, changed_at_millis)"
                  + " VALUES (?, ?, ?, ?)",
              accountId,
              known(email),
              hash,
              clock.millis());
        });
  }

  /** Takes email and password away; NOT_FOUND if the account has none. */
  public void remove(String accountId) {
    int removed =
        catalog.transact(
            handle -> handle.execute("DELETE FROM logins WHERE account_id = ?", accountId));
    if (removed == 0) {
      throw FirnException.notFound("account %s has no email and password", accountId);
    }
  }

  /** Whose email and password these are, or null; takes a tenth of a second or more, always. */
  public String account(String email, String password) {
    Row row =
        catalog.transact(
            handle ->
                handle
                    .createQuery("SELECT * FROM logins WHERE email = :email")
                    .bind("email", known(email))
                    .map(
                        (results, context) ->
                            new Row(
                                results.getString("account_id"),
                                results.getString("password_hash")))
                    .findOne()
                    .orElse(null));
    boolean matches =
        PasswordHash.matches(password, row == null ? PasswordHash.NONE : row.passwordHash());
    return row != null && matches ? row.accountId() : null;
  }

  /** Nobody tells emails apart by capital letters. */
  private static String known(String email) {
    return email.toLowerCase(Locale.ROOT);
  }
}
