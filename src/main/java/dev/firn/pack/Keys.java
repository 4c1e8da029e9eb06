package dev.firn.pack;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;

/** Ed25519 keys as PEM files, which OpenSSL reads and writes, too. */
final class Keys {
  static final String ALGORITHM = "Ed25519";

  private static final String PRIVATE = "PRIVATE KEY";
  private static final String PUBLIC = "PUBLIC KEY";
  private static final int FILE_BYTES_MAX = 64 << 10;
  private static final int LINE_CHARACTERS = 64;

  private Keys() {}

  static KeyPair generate() {
    try {
      return KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java since 15 has Ed25519", e);
    }
  }

  static String privateText(KeyPair pair) {
    return text(PRIVATE, pair.getPrivate().getEncoded());
  }

  static String publicText(KeyPair pair) {
    return text(PUBLIC, pair.getPublic().getEncoded());
  }

  /** Where a private key's public key is, which signing needs to know. */
  static Path publicFile(Path privateFile) {
    return privateFile.resolveSibling(privateFile.getFileName() + ".pub");
  }

  static KeyPair readPair(Path file) throws IOException {
    byte[] encoded = read(file, PRIVATE);
    PublicKey publicKey = readPublic(publicFile(file));
    try {
      return new KeyPair(
          publicKey,
          KeyFactory.getInstance(ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(encoded)));
    } catch (GeneralSecurityException e) {
      throw noKey(file, PRIVATE, e);
    }
  }

  static PublicKey readPublic(Path file) throws IOException {
    byte[] encoded = read(file, PUBLIC);
    try {
      return KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(encoded));
    } catch (GeneralSecurityException e) {
      throw noKey(file, PUBLIC, e);
    }
  }

  /** What a manifest calls a key: the SHA-256 of its public form, in hexadecimal digits. */
  static String fingerprint(PublicKey key) {
    byte[] encoded = key.getEncoded();
    return Digests.sha256(encoded, encoded.length);
  }

  private static byte[] read(Path file, String kind) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw FirnException.notFound("there is no key file '%s'", file);
    }
    if (Files.size(file) > FILE_BYTES_MAX) {
      throw noKey(file, kind, null);
    }
    String text = new String(Files.readAllBytes(file), StandardCharsets.US_ASCII);
    String begin = "-----BEGIN " + kind + "-----";
    int from = text.indexOf(begin);
    int to = text.indexOf("-----END " + kind + "-----");
    if (from < 0 || to < from) {
      throw noKey(file, kind, null);
    }
    try {
      String body = text.substring(from + begin.length(), to).replaceAll("\\s", "");
      return Base64.getDecoder().decode(body);
    } catch (IllegalArgumentException e) {
      throw noKey(file, kind, e);
    }
  }

  private static FirnException noKey(Path file, String kind, Exception cause) {
    return new FirnException(
        ErrorKind.USAGE,
        String.format(
            "'%s' is no Ed25519 %s in PEM; 'firn pack keygen' makes one",
            file, kind.toLowerCase(java.util.Locale.ROOT)),
        cause);
  }

  private static String text(String kind, byte[] encoded) {
    Base64.Encoder lines = Base64.getMimeEncoder(LINE_CHARACTERS, new byte[] {'\n'});
    return "-----BEGIN "
        + kind
        + "-----\n"
        + lines.encodeToString(encoded)
        + "\n-----END "
        + kind
        + "-----\n";
  }
}
