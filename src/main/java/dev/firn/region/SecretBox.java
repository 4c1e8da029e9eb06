package dev.firn.region;

import dev.firn.base.DurableFiles;
import dev.firn.base.FirnException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Set;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Seals secrets for the catalog: AES-256-GCM under a key in a file of its own, which only the
 * home's owner can read. Whoever has a copy of the catalog alone has no secrets, and a sealed
 * secret opens only for the access key that it belongs to. Safe for concurrent use.
 */
final class SecretBox {
  private static final int KEY_BYTES = 32;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path file;
  private SecretKeySpec key;

  /**
   * @param file is made when something is sealed for the first time
   */
  SecretBox(Path file) {
    this.file = file;
  }

  /** The secret as the catalog keeps it. */
  String seal(String ownerId, String secret) throws IOException {
    byte[] nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    try {
      Cipher cipher = cipher(Cipher.ENCRYPT_MODE, key(true), nonce, ownerId);
      byte[] sealed = cipher.doFinal(secret.getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder()
          .encodeToString(
              ByteBuffer.allocate(NONCE_BYTES + sealed.length).put(nonce).put(sealed).array());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM is in every JDK", e);
    }
  }

  /** CORRUPT if it is not what {@link #seal} gave for this owner and this key file. */
  String open(String ownerId, String sealed) throws IOException {
    byte[] bytes = Base64.getDecoder().decode(sealed);
    byte[] nonce = java.util.Arrays.copyOf(bytes, NONCE_BYTES);
    try {
      Cipher cipher = cipher(Cipher.DECRYPT_MODE, key(false), nonce, ownerId);
      return new String(
          cipher.doFinal(bytes, NONCE_BYTES, bytes.length - NONCE_BYTES), StandardCharsets.UTF_8);
    } catch (GeneralSecurityException e) {
      throw FirnException.corrupt(
          "the secret of access key %s does not open with %s: put the right key file back, or make"
              + " another access key",
          ownerId, file);
    }
  }

  private static Cipher cipher(int mode, SecretKeySpec key, byte[] nonce, String ownerId)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(ownerId.getBytes(StandardCharsets.UTF_8));
    return cipher;
  }

  private synchronized SecretKeySpec key(boolean make) throws IOException {
    if (key == null) {
      if (!Files.exists(file)) {
        if (!make) {
          throw FirnException.corrupt(
              "the key file %s is missing, without which no access key can be used: put it back,"
                  + " or make other access keys",
              file);
        }
        make();
      }
      if (!Files.getPosixFilePermissions(file).equals(OWNER_ONLY)) {
        throw FirnException.notPermitted(
            "the key file %s may be read or written by its owner only: chmod 600 it", file);
      }
      byte[] bytes = Files.readAllBytes(file);
      if (bytes.length != KEY_BYTES) {
        throw FirnException.corrupt(
            "the key file %s is damaged: put a copy in its place, or remove it and make other"
                + " access keys",
            file);
      }
      key = new SecretKeySpec(bytes, "AES");
    }
    return key;
  }

  private void make() throws IOException {
    byte[] bytes = new byte[KEY_BYTES];
    RANDOM.nextBytes(bytes);
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    Files.createFile(fresh, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    Files.write(fresh, bytes, StandardOpenOption.WRITE);
    DurableFiles.force(fresh);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    DurableFiles.force(file.getParent());
  }
}
