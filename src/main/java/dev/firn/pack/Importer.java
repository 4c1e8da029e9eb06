package dev.firn.pack;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.region.ImportRequest;
import dev.firn.region.Region;
import dev.firn.region.SnapshotImport;
import dev.firn.snapshot.Snapshot;
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

  /** Where the snapshot is made: a Region, or a test's stand-in. */
  @FunctionalInterface
  interface Sink {
    SnapshotImport begin(ImportRequest request) throws IOException;
  }

  private Importer() {}

  /**
   * Reads {@code in} to its end; does not close it.
   *
   * @param format null: what the content shows; else the content must be that
   * @throws FirnException of kind CORRUPT if the content is damaged, cut short, hostile or nothing
   *     that Firn knows, and NO_SPACE if it does not fit into the volume or under the home
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
      return importFrom(region::beginImport, in, format, options, spoolDirectory, listener);
    } catch (IOException e) {
      throw FullDisk.explain(e, "the disk of the home");
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
    if (detected == PackageFormat.TAR) {
      return importTar(sink, content, options, listener);
    }
    try (InputStream archive = new Decompressed(detected, content, options.source())) {
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
    PackageReader reader = new PackageReader(content, options.source());
    Manifest manifest = reader.manifest();
    ImportRequest request =
        new ImportRequest(
            options.name() != null ? options.name() : manifest.snapshot().name(),
            options.sizeBytes() != null ? options.sizeBytes() : manifest.volume().sizeBytes(),
            manifest.snapshot().description(),
            manifest.snapshot().tags(),
            manifest.createdAt(),
            manifest.volume().name(),
            manifest.volume().volumeKind());
    if (manifest.counts().dataBytes() > request.volumeSizeBytes()) {
      throw FirnException.noSpace(
          "%s holds %s, which does not fit into a volume of %s; give a larger one with --size",
          options.source(),
          Sizes.format(manifest.counts().dataBytes()),
          Sizes.format(request.volumeSizeBytes()));
    }
    try (SnapshotImport session = begin(sink, request, options)) {
      reader.restore(session.target(), spoolDirectory, listener);
      return session.publish();
    }
  }

  /** What a Region refuses is the package's fault, unless the user has given it. */
  private static SnapshotImport begin(Sink sink, ImportRequest request, ImportOptions options)
      throws IOException {
    try {
      return sink.begin(request);
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
    boolean sized = options.sizeBytes() != null;
    long sizeBytes = sized ? options.sizeBytes() : Sizes.VOLUME_BYTES_MAX;
    ImportRequest request =
        new ImportRequest(options.name(), sizeBytes, null, Map.of(), null, null);
    try (SnapshotImport session = sink.begin(request)) {
      TarReader tar = new TarReader(content, options.source());
      new TarTreeReader(
              tar, session.target(), sizeBytes, new Progress(listener, -1), options.source())
          .restore();
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
