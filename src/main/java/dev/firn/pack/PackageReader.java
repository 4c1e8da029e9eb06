package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/**
 * Reads a firn package from its beginning to its end, once, and trusts none of it. Needs memory for
 * the manifest and a few members, and a spool for the compressed tree.
 */
final class PackageReader {
  private final PackageTar.Input input;
  private final String source;
  private final Manifest manifest;

  /** As the other, of a package that need not be anybody's. */
  PackageReader(InputStream in, String source) throws IOException {
    this(in, source, Trust.ALL, null);
  }

  /**
   * Reads the manifest; CORRUPT if it is damaged or asks for what is not possible, NOT_PERMITTED if
   * it is not by somebody who is trusted.
   *
   * @param progress is told of a signature that was not verified; null: nobody is
   */
  PackageReader(InputStream in, String source, Trust trust, Progress progress) throws IOException {
    this.input = new PackageTar.Input(in, source);
    this.source = source;
    byte[] json = input.manifest();
    byte[] digest = PackageWriter.digestFile(json);
    if (!Arrays.equals(input.member(PackageLayout.MANIFEST_DIGEST, digest.length), digest)) {
      throw FirnException.corrupt(
          "%s is damaged: %s does not have the SHA-256 that %s names; get the package again",
          source, PackageLayout.MANIFEST, PackageLayout.MANIFEST_DIGEST);
    }
    this.manifest = Manifest.parse(json, source);
    if (manifest.signedBy() == null) {
      trust.checkUnsigned(source, false);
    } else {
      byte[] signature = input.member(PackageLayout.SIGNATURE, PackageLayout.SIGNATURE_BYTES);
      trust.check(json, manifest.signedBy(), signature, source, progress);
    }
  }

  Manifest manifest() {
    return manifest;
  }

  /**
   * Makes the tree in an empty file system, or in one that has the base's. When it returns, every
   * byte of the package has been verified and used; when it throws, the target is to be thrown
   * away.
   */
  void restore(FileSystem target, Path spoolDirectory, ProgressListener listener)
      throws IOException {
    List<Manifest.Member> members = manifest.members();
    int trees = manifest.treeMembers();
    List<Manifest.Member> treeMembers = members.subList(0, trees);
    List<Manifest.Member> dataMembers = members.subList(trees, members.size());
    Progress progress = new Progress(listener, manifest.counts().dataBytes());
    ExecutorService workers = Workers.start("firn-unpack");
    try (Spool spool = new Spool(spoolDirectory)) {
      for (Manifest.Member member : treeMembers) {
        spool.append(read(member), (int) member.bytes());
      }
      FrameReader tree = new FrameReader(treeMembers, spooled(spool), workers, source);
      FrameReader data = new FrameReader(dataMembers, this::read, workers, source);
      boolean incremental = manifest.base() != null;
      new TreeRestorer(new TreeDecoder(tree, source), data, target, incremental, progress, source)
          .restore(manifest.counts());
      input.end();
    } finally {
      workers.shutdown();
    }
    progress.finish();
  }

  /** Checks every digest and every byte between the members, and decompresses nothing. */
  void verify() throws IOException {
    ExecutorService workers = Workers.start("firn-verify");
    Deque<Future<?>> running = new ArrayDeque<>();
    try {
      for (Manifest.Member member : manifest.members()) {
        byte[] stored = read(member);
        running.add(workers.submit(() -> requireDigest(member, stored)));
        if (running.size() > Workers.THREADS) {
          await(running.remove());
        }
      }
      while (!running.isEmpty()) {
        await(running.remove());
      }
    } finally {
      workers.shutdown();
    }
    input.end();
  }

  private void requireDigest(Manifest.Member member, byte[] stored) {
    if (!Digests.sha256(stored, stored.length).equals(member.sha256())) {
      throw FirnException.corrupt(
          "%s is damaged: %s does not have the SHA-256 that the manifest names",
          source, member.name());
    }
  }

  private static void await(Future<?> verification) throws IOException {
    try {
      verification.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof FirnException failure) {
        throw failure;
      }
      throw new IOException("verification failed: " + e.getCause(), e);
    }
  }

  /** How much of the package was read. */
  long offset() {
    return input.offset();
  }

  /** The next member's stored bytes, not verified. */
  byte[] read(Manifest.Member member) throws IOException {
    return input.member(member.name(), (int) member.bytes());
  }

  private static FrameReader.Source spooled(Spool spool) {
    return new FrameReader.Source() {
      private long offset;

      @Override
      public byte[] read(Manifest.Member member) throws IOException {
        byte[] bytes = spool.read(offset, (int) member.bytes());
        offset += bytes.length;
        return bytes;
      }
    };
  }
}
