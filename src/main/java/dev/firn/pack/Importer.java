package dev.firn.pack;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.region.ImportRequest;
import dev.firn.region.Region;
import dev.firn.region.SnapshotImport;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotNames;
import dev.firn.vfs.FileSystemStatus;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;

/**
 * Makes a snapshot of a package or archive. Nothing of it is visible until all of it has been read
 * and verified; a failure leaves nothing behind. Safe to use from several threads.
 */
public final class Importer {
  private static final int BUFFER_BYTES = 1 << 18;

  /** Plain archives do not say how large a volume they come from: at least this, a gibibyte. */
  private static final long ARCHIVE_VOLUME_BYTES_MIN = Sizes.GIB;

  /** What an incremental import may need for a moment beyond what it leaves. */
  private static final long INCREMENTAL_SLACK_BYTES = 16 * Sizes.MIB;

  /** Where the snapshot is made: a Region, or a test's stand-in. */
  interface Sink {
    SnapshotImport begin(ImportRequest request) throws IOException;

    /**
     * Begins a package's import, or goes on with what the import of the same has kept.
     *
     * @param base null: it starts empty; else with what that has
     * @param identity null: nothing is kept
     * @return null if the base is not there
     */
    SnapshotImport begin(ImportRequest request, Manifest.BasePart base, String identity)
        throws IOException;
  }

  private record RegionSink(Region region) implements Sink {
    @Override
    public SnapshotImport begin(ImportRequest request) throws IOException {
      return region.beginImport(request);
    }

    @Override
    public SnapshotImport begin(ImportRequest request, Manifest.BasePart base, String identity)
        throws IOException {
      String here = null;
      if (base != null) {
        Snapshot found = region.findOrigin(base.id(), base.time());
        if (found == null) {
          return null;
        }
        here = found.id();
      }
      return identity == null
          ? region.beginImport(request, here)
          : region.beginKeptImport(request, here, identity);
    }
  }

  private Importer() {}

  /**
   * Reads {@code in} to its end; does not close it.
   *
   * @param format null: what the content shows; else the content must be that
   * @throws FirnException of kind CORRUPT if the content is damaged, cut short, hostile or nothing
   *     that Firn knows, NOT_FOUND if it is incremental and its base is not there, and NO_SPACE if
   *     it does not fit into the volume or under the home
   */
  public static Snapshot importFrom(
      Region region,
      InputStream in,
      PackageFormat format,
      ImportOptions options,
      ProgressListener listener)
      throws IOException {
    Path spoolDirectory = Exporter.spoolDirectory(region);
    try {
      return importFrom(new RegionSink(region), in, format, options, spoolDirectory, listener);
    } catch (IOException e) {
      throw FullDisk.explain(e, "the disk of the home", options.resume());
    }
  }

  static Snapshot importFrom(
      Sink sink,
      InputStream in,
      PackageFormat format,
      ImportOptions options,
      Path spoolDirectory,
      ProgressListener listener)
      throws IOException {
    BufferedInputStream content = new BufferedInputStream(in, BUFFER_BYTES);
    PackageFormat detected = detect(content, format, options.source());
    if (options.sizeBytes() != null && options.sizeBytes() > Sizes.VOLUME_BYTES_MAX) {
      throw FirnException.usage(
          "size %d is more than the largest volume, %d",
          options.sizeBytes(), Sizes.VOLUME_BYTES_MAX);
    }
    if (detected == PackageFormat.FIRN) {
      return importPackage(sink, content, options, spoolDirectory, listener);
    }
    if (options.resume()) {
      throw notKept(options, "it is no firn package");
    }
    options.trust().checkUnsigned(options.source(), true);
    if (detected == PackageFormat.ZIP) {
      return importZip(sink, content, options, spoolDirectory, listener);
    }
    if (detected == PackageFormat.TAR) {
      return importTar(sink, content, options, listener);
    }
    try (InputStream archive = new Decompressed(detected, content, UnpackLimit.of(options))) {
      return importTar(sink, new BufferedInputStream(archive, BUFFER_BYTES), options, listener);
    }
  }

  private static PackageFormat detect(
      BufferedInputStream content, PackageFormat wanted, String source) throws IOException {
    byte[] head = new byte[PackageFormat.DETECT_BYTES];
    content.mark(head.length);
    int length = content.readNBytes(head, 0, head.length);
    content.reset();
    PackageFormat detected = PackageFormat.detect(head, length);
    if (detected == null) {
      throw FirnException.corrupt(
          "%s is not a package or archive that Firn knows (%s)", source, PackageFormat.all());
    }
    if (wanted != null && wanted != detected) {
      throw FirnException.corrupt(
          "%s is not %s but %s; give the format it has, or none",
          source, wanted.text(), detected.text());
    }
    return detected;
  }

  private static Snapshot importPackage(
      Sink sink,
      InputStream content,
      ImportOptions options,
      Path spoolDirectory,
      ProgressListener listener)
      throws IOException {
    PackageReader reader =
        new PackageReader(
            content, options.source(), options.trust(), new Progress(listener, Progress.UNKNOWN));
    Manifest manifest = reader.manifest();
    long sizeBytes =
        options.sizeBytes() != null ? options.sizeBytes() : manifest.volume().sizeBytes();
    Manifest.BasePart base = manifest.base();
    String id = manifest.snapshot().id();
    ImportRequest request =
        new ImportRequest(
            options.name() != null ? options.name() : manifest.snapshot().name(),
            base == null
                ? sizeBytes
                : Math.min(Sizes.VOLUME_BYTES_MAX, sizeBytes + INCREMENTAL_SLACK_BYTES),
            manifest.snapshot().description(),
            manifest.snapshot().tags(),
            manifest.createdAt(),
            manifest.volume().name(),
            manifest.volume().volumeKind(),
            SnapshotNames.looksLikeId(id) ? id : null);
    // Where the contents follow, the target says when it is full.
    if (!manifest.contentsFollow() && manifest.counts().dataBytes() > sizeBytes) {
      throw FirnException.noSpace(
          "%s holds %s, which does not fit into a volume of %s; give a larger one with --size",
          options.source(), Sizes.format(manifest.counts().dataBytes()), Sizes.format(sizeBytes));
    }
    if (options.resume() && !manifest.contentsFollow()) {
      throw notKept(options, "its format is version " + manifest.formatVersion());
    }
    String identity = options.resume() ? reader.identity() : null;
    try (SnapshotImport session = begin(sink, base, request, identity, options)) {
      restore(reader, session, spoolDirectory, identity != null, listener);
      if (base != null) {
        session.resize(sizeBytes);
      }
      return session.publish();
    }
  }

  private static FirnException notKept(ImportOptions options, String reason) {
    return FirnException.usage(
        "%s cannot be gone on with, since %s; import it without --resume",
        options.source(), reason);
  }

  /** What came is kept, if it can be gone on with; but not of a package that is no good. */
  private static void restore(
      PackageReader reader,
      SnapshotImport session,
      Path spoolDirectory,
      boolean resume,
      ProgressListener listener)
      throws IOException {
    try {
      reader.restore(session.target(), spoolDirectory, resume ? session : null, listener);
    } catch (FirnException e) {
      // With another base it begins anew, too: what is kept is of this one.
      if (e.kind() == ErrorKind.CONFLICT || e.kind() == ErrorKind.CORRUPT && !reader.isCutShort()) {
        session.drop();
      }
      if (session.kept() == null) {
        throw e;
      }
      throw new FirnException(
          e.kind(), e.getMessage() + "; what came is kept: go on with --resume", e);
    }
  }

  /**
   * What a Region refuses is the package's fault, unless the user has given it.
   *
   * @param identity what can be gone on with; null: nothing
   */
  private static SnapshotImport begin(
      Sink sink,
      Manifest.BasePart base,
      ImportRequest request,
      String identity,
      ImportOptions options)
      throws IOException {
    try {
      SnapshotImport session = sink.begin(request, base, identity);
      if (session == null) {
        throw FirnException.notFound(
            "%s is incremental and needs %s, which is not here; import that first",
            options.source(), base.shown());
      }
      return session;
    } catch (FirnException e) {
      if (e.kind() == ErrorKind.USAGE && options.name() == null && options.sizeBytes() == null) {
        throw new FirnException(
            ErrorKind.CORRUPT, options.source() + " is damaged or hostile: " + e.getMessage(), e);
      }
      throw e;
    }
  }

  private static Snapshot importTar(
      Sink sink, InputStream content, ImportOptions options, ProgressListener listener)
      throws IOException {
    TarReader tar = new TarReader(content, options.source());
    return importArchive(sink, tar, options, new Progress(listener, Progress.UNKNOWN));
  }

  /** What a zip file holds is listed at its end, so that all of it must be there first. */
  private static Snapshot importZip(
      Sink sink,
      InputStream content,
      ImportOptions options,
      Path spoolDirectory,
      ProgressListener listener)
      throws IOException {
    Progress progress = new Progress(listener, Progress.UNKNOWN);
    Progress spooled = new Progress(listener, Progress.UNKNOWN);
    try (Spool spool = new Spool(spoolDirectory)) {
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int count = content.read(buffer); count >= 0; count = content.read(buffer)) {
        spool.append(buffer, count);
        spooled.advance(count);
      }
      try (ZipTreeReader zip =
          new ZipTreeReader(spool.channel(), UnpackLimit.of(options), progress)) {
        return importArchive(sink, zip, options, progress);
      }
    }
  }

  private static Snapshot importArchive(
      Sink sink, ArchiveReader archive, ImportOptions options, Progress progress)
      throws IOException {
    boolean sized = options.sizeBytes() != null;
    long sizeBytes = sized ? options.sizeBytes() : Sizes.VOLUME_BYTES_MAX;
    ImportRequest request =
        new ImportRequest(options.name(), sizeBytes, null, Map.of(), null, null);
    try (SnapshotImport session = sink.begin(request)) {
      new TarTreeReader(archive, session.target(), sizeBytes, progress, options.source()).restore();
      if (!sized) {
        session.resize(roomFor(session.target().status()));
      }
      return session.publish();
    }
  }

  /** A quarter more than there is, in whole gibibytes. */
  private static long roomFor(FileSystemStatus status) {
    long used = status.totalBytes() - status.freeBytes();
    long wanted = Math.max(ARCHIVE_VOLUME_BYTES_MIN, used + used / 4);
    long rounded = (wanted + Sizes.GIB - 1) / Sizes.GIB * Sizes.GIB;
    return Math.min(Sizes.VOLUME_BYTES_MAX, rounded);
  }
}
