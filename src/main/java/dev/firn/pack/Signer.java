package dev.firn.pack;

import dev.firn.base.DurableFiles;
import dev.firn.base.FirnException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Signature;
import java.util.Set;

/** Signs manifests with an Ed25519 key, which gives the same signature each time. Immutable. */
public final class Signer {
  private final KeyPair pair;

  private Signer(KeyPair pair) {
    this.pair = pair;
  }

  /**
   * The signer whose private key (PKCS #8, PEM) is in a file, and its public key beside it in one
   * with {@code .pub} behind the name.
   *
   * @throws FirnException of kind NOT_FOUND or USAGE if there are no such keys, or they are no pair
   */
  public static Signer read(Path file) throws IOException {
    Signer signer = new Signer(Keys.readPair(file));
    byte[] probe = {'f', 'i', 'r', 'n'};
    if (!Trust.verifies(signer.pair.getPublic(), probe, signer.sign(probe))) {
      throw FirnException.usage("'%s' is not the public key of '%s'", Keys.publicFile(file), file);
    }
    return signer;
  }

  /**
   * Makes a new pair of files: {@code file}, which only its owner may read, and {@code file.pub}.
   * Replaces neither.
   */
  public static Signer generate(Path file) throws IOException {
    KeyPair pair = Keys.generate();
    Path publicFile = Keys.publicFile(file);
    if (Files.exists(publicFile)) {
      throw FirnException.conflict("'%s' exists already; choose another name", publicFile);
    }
    write(file, Keys.privateText(pair), "rw-------");
    write(publicFile, Keys.publicText(pair), "rw-r--r--");
    DurableFiles.force(publicFile.toAbsolutePath().getParent());
    return new Signer(pair);
  }

  /** The name of the key: 64 hexadecimal digits. */
  public String fingerprint() {
    return Keys.fingerprint(pair.getPublic());
  }

  byte[] sign(byte[] manifest) {
    try {
      Signature signature = Signature.getInstance(Keys.ALGORITHM);
      signature.initSign(pair.getPrivate());
      signature.update(manifest);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a key that was read as Ed25519 does not sign", e);
    }
  }

  private static void write(Path file, String text, String permissions) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)))) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    } catch (FileAlreadyExistsException e) {
      throw FirnException.conflict("'%s' exists already; choose another name", file);
    } catch (NoSuchFileException e) {
      throw FirnException.notFound("cannot write '%s': there is no such directory", file);
    }
  }
}
