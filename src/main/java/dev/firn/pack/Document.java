package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What a package says of itself: JSON, then its digest, then its signature if there is one. */
enum Document {
  /** Names and values in it may be many times as long in memory. */
  MANIFEST("manifest", 32),
  CONTENTS("contents", 8);

  private final String base;
  private final int heapPart;

  /**
   * @param heapPart of how many parts of the heap one has room for the JSON
   */
  Document(String base, int heapPart) {
    this.base = base;
    this.heapPart = heapPart;
  }

  /** FAILED if the JSON would take so much memory that everything else could end for want of it. */
  void requireMemory(long sizeBytes, String source) {
    if (sizeBytes > Runtime.getRuntime().maxMemory() / heapPart) {
      throw FirnException.failed(
          "%s needs more memory for its %s (%s) than there is; give more to the daemon with"
              + " FIRN_DAEMON_OPTS=-Xmx4g, say",
          source, file(), Sizes.format(sizeBytes));
    }
  }

  /** The name of its member. */
  String file() {
    return base + ".json";
  }

  private String digest() {
    return base + ".sha256";
  }

  private String signature() {
    return base + ".sig";
  }

  /**
   * Writes all of it.
   *
   * @param signer null: it is not signed
   */
  void write(OutputStream target, byte[] json, Signer signer) throws IOException {
    PackageTar.write(target, file(), json);
    PackageTar.write(target, digest(), digestFile(json));
    if (signer != null) {
      PackageTar.write(target, signature(), signer.sign(json));
    }
  }

  /** What {@link #write} takes in the archive. */
  long entryBytes(byte[] json, Signer signer) {
    return PackageTar.entryBytes(json.length)
        + PackageTar.entryBytes(digestFile(json).length)
        + (signer == null ? 0 : PackageTar.entryBytes(PackageLayout.SIGNATURE_BYTES));
  }

  /** Reads the digest, which stands behind the JSON; CORRUPT if it is another's. */
  void requireDigest(PackageTar.Input input, byte[] json, String source) throws IOException {
    byte[] digest = digestFile(json);
    if (!Arrays.equals(input.member(digest(), digest.length), digest)) {
      throw FirnException.corrupt(
          "%s is damaged: %s does not have the SHA-256 that %s names; get the package again",
          source, file(), digest());
    }
  }

  /** Reads the signature, which stands behind the digest; not verified. */
  byte[] readSignature(PackageTar.Input input) throws IOException {
    return input.member(signature(), PackageLayout.SIGNATURE_BYTES);
  }

  /** As sha256sum writes and checks it. */
  private byte[] digestFile(byte[] json) {
    return (Digests.sha256(json, json.length) + "  " + file() + "\n")
        .getBytes(StandardCharsets.US_ASCII);
  }
}
