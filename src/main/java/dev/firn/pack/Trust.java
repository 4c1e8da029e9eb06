package dev.firn.pack;

import dev.firn.base.FirnException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Whose packages an import takes. Without any key: everybody's, but a signature by an unknown key
 * is told. With keys: unsigned ones, unless signatures are required, and those signed by one of the
 * keys; a signature by any other key, or one that is wrong, is refused. Immutable.
 */
public final class Trust {
  /** Takes everything: of a package that was just written. */
  static final Trust ALL = new Trust(Map.of(), false);

  private static final String DIRECTORY = "trusted-keys";

  /** A file in that directory, of any content: signatures are required in this home. */
  private static final String REQUIRED = "required";

  private final Map<String, PublicKey> keys;
  private final boolean required;

  private Trust(Map<String, PublicKey> keys, boolean required) {
    this.keys = keys;
    this.required = required;
  }

  /**
   * What a home and a user say together.
   *
   * @param home its directory {@code trusted-keys} has keys, {@code NAME.pub}; it need not be there
   * @param files more public keys, as PEM
   * @param required whether packages without a signature are refused
   * @throws FirnException of kind NOT_FOUND or USAGE if a file is no key
   */
  public static Trust of(Path home, List<Path> files, boolean required) throws IOException {
    List<Path> all = new ArrayList<>(files);
    Path directory = home.resolve(DIRECTORY);
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, "*.pub")) {
        found.forEach(all::add);
      }
    }
    return of(all, required || Files.exists(directory.resolve(REQUIRED)));
  }

  /** As the other, without a home. */
  public static Trust of(List<Path> files, boolean required) throws IOException {
    Map<String, PublicKey> keys = new LinkedHashMap<>();
    for (Path file : files) {
      PublicKey key = Keys.readPublic(file);
      keys.put(Keys.fingerprint(key), key);
    }
    return new Trust(keys, required);
  }

  /**
   * Refuses an unsigned package if need be.
   *
   * @param archive whether it is one that cannot be signed
   */
  void checkUnsigned(String source, boolean archive) {
    if (required) {
      throw FirnException.notPermitted(
          archive
              ? "%s is an archive, which cannot be signed, and signatures are required here"
              : "%s is not signed, and signatures are required here; export it with --sign-key",
          source);
    }
  }

  /**
   * Checks a signature.
   *
   * @throws FirnException of kind NOT_PERMITTED if the key is not trusted, CORRUPT if the signature
   *     is wrong
   */
  void check(byte[] manifest, String signedBy, byte[] signature, String source, Progress progress) {
    PublicKey key = keys.get(signedBy);
    if (key == null) {
      if (required || !keys.isEmpty()) {
        throw FirnException.notPermitted(
            "%s is signed by key %s, which is not trusted here; put its file into the home's"
                + " %s, or name it with --trusted-key",
            source, signedBy, DIRECTORY);
      }
      if (progress != null) {
        progress.warning(
            source
                + " is signed by key "
                + signedBy
                + ", which was not verified: no key is trusted");
      }
      return;
    }
    if (!verifies(key, manifest, signature)) {
      throw FirnException.corrupt(
          "%s is not what the owner of key %s has signed; it was altered", source, signedBy);
    }
  }

  static boolean verifies(PublicKey key, byte[] bytes, byte[] signature) {
    try {
      Signature verifier = Signature.getInstance(Keys.ALGORITHM);
      verifier.initVerify(key);
      verifier.update(bytes);
      return verifier.verify(signature);
    } catch (GeneralSecurityException e) {
      // What the JDK says of bytes that cannot be a signature.
      return false;
    }
  }
}
