package dev.firn.region;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * Passwords as the catalog keeps them: salted, and so slow to try that a copy of the catalog is of
 * little use. As text: algorithm, rounds, salt and hash, with dollars between.
 */
final class PasswordHash {
  private static final String NAME = "pbkdf2-sha512";
  private static final String ALGORITHM = "PBKDF2WithHmacSHA512";

  /** What OWASP asks of this algorithm; 0.1 to 0.3 s. */
  private static final int ROUNDS = 210_000;

  private static final int SALT_BYTES = 16;
  private static final int HASH_BYTES = 64;
  private static final SecureRandom RANDOM = new SecureRandom();

  /** Of no password: compared with where there is none, so that this takes as long. */
  static final String NONE = text(ROUNDS, new byte[SALT_BYTES], new byte[HASH_BYTES]);

  private PasswordHash() {}

  static String of(String password) {
    byte[] salt = new byte[SALT_BYTES];
    RANDOM.nextBytes(salt);
    return text(ROUNDS, salt, hash(password, salt, ROUNDS));
  }

  /** Whether this is the password that {@link #of} made the text of; takes as long either way. */
  static boolean matches(String password, String text) {
    String[] parts = text.split("\\$");
    if (parts.length != 4 || !parts[0].equals(NAME)) {
      throw new IllegalArgumentException("a password's hash is of another kind");
    }
    byte[] salt = Base64.getDecoder().decode(parts[2]);
    byte[] expected = Base64.getDecoder().decode(parts[3]);
    return MessageDigest.isEqual(expected, hash(password, salt, Integer.parseInt(parts[1])));
  }

  private static String text(int rounds, byte[] salt, byte[] hash) {
    Base64.Encoder base64 = Base64.getEncoder();
    return String.join(
        "$",
        NAME,
        Integer.toString(rounds),
        base64.encodeToString(salt),
        base64.encodeToString(hash));
  }

  private static byte[] hash(String password, byte[] salt, int rounds) {
    PBEKeySpec spec = new PBEKeySpec(password.toCharArray(), salt, rounds, HASH_BYTES * Byte.SIZE);
    try {
      return SecretKeyFactory.getInstance(ALGORITHM).generateSecret(spec).getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("PBKDF2 is in every JDK", e);
    } finally {
      spec.clearPassword();
    }
  }
}
