package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.region.SnapshotImport;
import dev.firn.vfs.FileSystem;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Reads a firn package from its beginning to its end, once, and trusts none of it. Needs memory for
 * a few members and the manifest or contents; for packages that have no contents behind them a
 * spool for the compressed tree, too.
 */
final class PackageReader {
  /** In which system property tests say how often an import keeps what it has. */
  static final String KEEP_MILLIS = "firn.import.keepMillis";

  /** What an interruption may cost. */
  private static final long KEEP_MILLIS_DEFAULT = 5_000;

  /** Of more nothing is kept any more: each is written again every time. */
  private static final int KEPT_BASE_NAMES_MAX = 2_000_000;

  private final PackageTar.Input input;
  private final String source;
  private final Trust trust;
  private final byte[] json;
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
    this.trust = trust;
    this.json = input.document(Document.MANIFEST);
    Document.MANIFEST.requireDigest(input, json, source);
    this.manifest = Manifest.parse(json, source);
    if (manifest.signedBy() == null) {
      trust.checkUnsigned(source, false);
    } else {
      byte[] signature = Document.MANIFEST.readSignature(input);
      trust.check(json, manifest.signedBy(), signature, source, progress);
    }
  }

  /** Without counts and members where the contents follow. */
  Manifest manifest() {
    return manifest;
  }

  /** Names the package: whatever begins with the same manifest. */
  String identity() {
    return Digests.sha256(json, json.length);
  }

  /** Whether the package ended too early, rather than being wrong. */
  boolean isCutShort() {
    return input.isCutShort();
  }

  /**
   * Makes the tree in an empty file system, or in one that has the base's. When it returns, every
   * byte of the package has been verified and used; when it throws, the target is to be thrown
   * away.
   */
  void restore(FileSystem target, Path spoolDirectory, ProgressListener listener)
      throws IOException {
    restore(target, spoolDirectory, null, listener);
  }

  /**
   * As the other; goes on with what an import has kept, and has it keep more.
   *
   * @param keeper of a package whose contents follow; null: nothing is kept
   */
  void restore(
      FileSystem target, Path spoolDirectory, SnapshotImport keeper, ProgressListener listener)
      throws IOException {
    boolean streamed = manifest.contentsFollow();
    Progress progress =
        new Progress(listener, streamed ? Progress.UNKNOWN : manifest.counts().dataBytes());
    ExecutorService workers = Workers.start("firn-unpack");
    try {
      if (streamed) {
        restoreStreamed(target, keeper, workers, progress);
      } else {
        restoreListed(target, spoolDirectory, workers, progress);
      }
      input.end();
    } finally {
      workers.shutdown();
    }
    progress.finish();
  }

  private void restoreListed(
      FileSystem target, Path spoolDirectory, ExecutorService workers, Progress progress)
      throws IOException {
    List<Manifest.Member> treeMembers = manifest.tree();
    try (Spool spool = new Spool(spoolDirectory)) {
      for (Manifest.Member member : treeMembers) {
        spool.append(read(member), (int) member.bytes());
      }
      FrameReader tree = new FrameReader(treeMembers, spooled(spool), workers, source);
      FrameReader data = new FrameReader(manifest.data(), this::read, workers, source);
      restorer(tree, data, target, workers, progress).restore(manifest::counts, () -> {});
    }
  }

  private void restoreStreamed(
      FileSystem target, SnapshotImport keeper, ExecutorService workers, Progress progress)
      throws IOException {
    StreamedFrames frames =
        new StreamedFrames(input, PackageLayout.treeBytesMax(manifest), workers, source);
    TreeRestorer restorer = restorer(frames.tree(), frames.data(), target, workers, progress);
    if (keeper != null && keeper.kept() != null) {
      DataInputStream state = new DataInputStream(new ByteArrayInputStream(keeper.kept()));
      frames.load(state);
      restorer.load(state);
    }
    long everyMillis = Long.getLong(KEEP_MILLIS, KEEP_MILLIS_DEFAULT);
    long everyNanos = TimeUnit.MILLISECONDS.toNanos(everyMillis);
    long[] keptNanos = {System.nanoTime()};
    restorer.restore(
        () -> {
          Manifest whole = contents(input, frames.contents(), frames.contentsOffset());
          frames.requireMembers(whole.members());
          return whole.counts();
        },
        () -> {
          long now = System.nanoTime();
          if (keeper != null
              && now - keptNanos[0] >= everyNanos
              && restorer.baseNames() <= KEPT_BASE_NAMES_MAX
              && frames.goesOn()) {
            ByteArrayOutputStream state = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(state);
            frames.save(out);
            restorer.save(out);
            keeper.keep(state.toByteArray());
            keptNanos[0] = now;
          }
        });
  }

  private TreeRestorer restorer(
      Frames tree, Frames data, FileSystem target, ExecutorService workers, Progress progress) {
    boolean incremental = manifest.base() != null;
    return new TreeRestorer(
        new TreeDecoder(tree, source), data, target, incremental, workers, progress, source);
  }

  /**
   * The manifest with what the contents say, where those are read before what they list.
   *
   * @param in goes on at the contents
   * @param offset where they begin
   */
  Manifest contents(InputStream in, long offset) throws IOException {
    PackageTar.Input part = new PackageTar.Input(in, source, offset);
    Manifest whole = contents(part, part.document(Document.CONTENTS), offset);
    part.end();
    return whole;
  }

  private Manifest contents(PackageTar.Input from, byte[] found, long offset) throws IOException {
    Document.CONTENTS.requireDigest(from, found, source);
    if (manifest.signedBy() != null) {
      // Of a key that nobody trusts the manifest told already.
      byte[] signature = Document.CONTENTS.readSignature(from);
      trust.check(found, manifest.signedBy(), signature, source, null);
    }
    byte[] place = PackageTar.offsetFile(offset);
    Contents contents = Manifest.parseContents(found, source);
    if (!Arrays.equals(from.member(PackageLayout.CONTENTS_OFFSET, place.length), place)
        || !contents.manifest().equals(Digests.sha256(json, json.length))) {
      throw FirnException.corrupt(
          "%s is damaged: %s is of another package; get the package again",
          source, Document.CONTENTS.file());
    }
    return manifest.with(contents, source);
  }

  /** How much of the package was read. */
  long offset() {
    return input.offset();
  }

  /** The next member's stored bytes, not verified. */
  private byte[] read(Manifest.Member member) throws IOException {
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
