package dev.firn.daemon;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.firn.base.FirnException;
import dev.firn.bucket.ObjectOutput;
import dev.firn.pack.ExportOptions;
import dev.firn.pack.Exporter;
import dev.firn.pack.ImageExporter;
import dev.firn.pack.ImageFormat;
import dev.firn.pack.ImageImporter;
import dev.firn.pack.ImportOptions;
import dev.firn.pack.Importer;
import dev.firn.pack.PackageFormat;
import dev.firn.pack.ProgressListener;
import dev.firn.pack.ReadProgress;
import dev.firn.pack.Signer;
import dev.firn.pack.TreeMounter;
import dev.firn.pack.Trust;
import dev.firn.pack.UncachedInput;
import dev.firn.region.Region;
import dev.firn.server.Actions;
import dev.firn.server.Events;
import dev.firn.snapshot.Snapshot;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The actions that bring snapshots out of a home and into it. */
final class PackageActions {
  private static final String PIPED = "the package";

  private final Region region;
  private final TreeMounter mounter;
  private final Downloads downloads;

  /**
   * @param mounter lets the programs that make images at the snapshots
   * @param downloads what is told of those that run, which others may ask for
   */
  PackageActions(Region region, TreeMounter mounter, Downloads downloads) {
    this.region = region;
    this.mounter = mounter;
    this.downloads = downloads;
  }

  /**
   * @param format null: as the file's name ends
   * @param base the snapshot to tell only the difference from; null: all is told
   * @param signKey the file of the key to sign with; null: not signed
   * @param overwrite whether a file that exists is replaced
   * @param resume whether it is gone on with instead
   */
  record ExportParameters(
      String snapshot,
      Path file,
      String format,
      String base,
      Path signKey,
      boolean overwrite,
      boolean resume) {
    ExportParameters {
      Actions.required("snapshot", snapshot);
      Actions.required("file", file);
    }
  }

  /**
   * @param format null: firn
   * @param base as with {@link ExportParameters}
   * @param signKey as well
   * @param skippedBytes how much of the beginning is left out
   * @param download the name by which the caller asks how far it is; null: it does not
   */
  record DownloadParameters(
      String snapshot,
      String format,
      String base,
      Path signKey,
      long skippedBytes,
      String download) {
    DownloadParameters {
      Actions.required("snapshot", snapshot);
    }
  }

  /**
   * @param name null: the one in the package, if it has one
   * @param format null: as the contents say
   * @param sizeBytes of the volume; null: as the package says, or enough
   * @param trustedKeys files of public keys, besides those of the home; null: none
   * @param requireSignature whether unsigned packages are refused
   * @param resume whether an interruption leaves something, to go on with
   */
  record ImportParameters(
      Path file,
      String name,
      String format,
      Long sizeBytes,
      List<Path> trustedKeys,
      boolean requireSignature,
      boolean resume) {
    ImportParameters {
      Actions.required("file", file);
    }
  }

  /** As {@link ImportParameters}. */
  record UploadParameters(
      String name,
      String format,
      Long sizeBytes,
      List<Path> trustedKeys,
      boolean requireSignature,
      boolean resume) {}

  record DownloadStateParameters(String download) {
    DownloadStateParameters {
      Actions.required("download", download);
    }
  }

  record DiscardParameters() {}

  record Discarded(int imports) {}

  record SizeParameters(String snapshot) {
    SizeParameters {
      Actions.required("snapshot", snapshot);
    }
  }

  record Exported(String format, List<String> warnings) {}

  record Imported(@JsonUnwrapped Snapshot snapshot, List<String> warnings) {}

  void register(Actions actions) {
    actions
        .answer("ReadExportSize", SizeParameters.class, this::size)
        .work("ExportSnapshot", ExportParameters.class, this::export)
        .download("DownloadSnapshot", DownloadParameters.class, this::download)
        .answer(
            "ReadDownload",
            DownloadStateParameters.class,
            parameters -> downloads.state(parameters.download()))
        .work("ImportSnapshot", ImportParameters.class, this::importFile)
        .upload("UploadSnapshot", UploadParameters.class, this::upload)
        .work("DiscardImports", DiscardParameters.class, this::discard);
  }

  private Discarded discard(DiscardParameters parameters, Events events) throws IOException {
    return new Discarded(region.discardKeptImports());
  }

  private Map<String, Object> size(SizeParameters parameters) throws IOException {
    Snapshot snapshot = region.snapshot(parameters.snapshot());
    return Map.of("bytesMax", ObjectOutput.bytesMax(region, snapshot));
  }

  private Exported export(ExportParameters parameters, Events events) throws IOException {
    Path file = parameters.file();
    Optional<ImageFormat> image = imageFormat(parameters.format(), file);
    if (image.isPresent()) {
      return exportImage(parameters, image.get(), events);
    }
    PackageFormat format = format(parameters.format());
    if (format == null) {
      format =
          PackageFormat.ofFileName(file.toString())
              .orElseThrow(
                  () ->
                      FirnException.usage(
                          "the name '%s' tells no format; give one with --format: %s",
                          file.getFileName(), PackageFormat.all()));
    }
    if (!parameters.resume()) {
      requireNew(parameters, "replace it with --force, or go on with it with --resume");
    }
    Reports reports = new Reports(events);
    ExportOptions options =
        new ExportOptions(
            format, parameters.base(), signer(parameters.signKey()), parameters.resume(), 0);
    Exporter.exportToFile(region, parameters.snapshot(), options, file, reports);
    return new Exported(format.text(), reports.warnings());
  }

  private Exported exportImage(ExportParameters parameters, ImageFormat format, Events events)
      throws IOException {
    requireNew(parameters, "replace it with --force");
    Reports reports = new Reports(events);
    ImageExporter.exportToFile(
        region, parameters.snapshot(), format, parameters.file(), mounter, reports);
    return new Exported(format.text(), reports.warnings());
  }

  private static void requireNew(ExportParameters parameters, String remedy) {
    Path file = parameters.file();
    if (!parameters.overwrite() && Files.isRegularFile(file)) {
      throw FirnException.conflict("'%s' exists already; %s", file, remedy);
    }
  }

  /** The image's format that is meant, by its name or by the file's. */
  private static Optional<ImageFormat> imageFormat(String format, Path file) {
    if (format != null) {
      return ImageFormat.named(format);
    }
    return file == null ? Optional.empty() : ImageFormat.ofFileName(file.toString());
  }

  private Exported download(DownloadParameters parameters, OutputStream output) throws IOException {
    String name = parameters.download();
    try {
      return download(
          parameters, output, new Reports((done, total) -> downloads.tell(name, done, total)));
    } finally {
      downloads.end(name);
    }
  }

  private Exported download(DownloadParameters parameters, OutputStream output, Reports reports)
      throws IOException {
    Optional<ImageFormat> image = imageFormat(parameters.format(), null);
    if (image.isPresent()) {
      ImageExporter.export(region, parameters.snapshot(), image.get(), output, mounter, reports);
      return new Exported(image.get().text(), reports.warnings());
    }
    PackageFormat format = format(parameters.format());
    if (format == null) {
      format = PackageFormat.FIRN;
    }
    ExportOptions options =
        new ExportOptions(
            format,
            parameters.base(),
            signer(parameters.signKey()),
            false,
            parameters.skippedBytes());
    Exporter.export(region, parameters.snapshot(), options, output, reports);
    return new Exported(format.text(), reports.warnings());
  }

  private Imported importFile(ImportParameters parameters, Events events) throws IOException {
    Path file = parameters.file();
    if (Files.isDirectory(file)) {
      throw FirnException.usage("cannot import '%s': it is a directory; make a tar of it", file);
    }
    Reports reports = new Reports(events);
    try (InputStream input = UncachedInput.open(file)) {
      ReadProgress read = new ReadProgress(reports, Files.size(file));
      return importStream(
          read.counted(input),
          parameters.format(),
          file,
          new ImportOptions(
              parameters.name(),
              parameters.sizeBytes(),
              trust(parameters.trustedKeys(), parameters.requireSignature()),
              "'" + file + "'",
              parameters.resume()),
          reports,
          Files.isRegularFile(file) ? read : reports);
    }
  }

  private Imported upload(UploadParameters parameters, InputStream input, Events events)
      throws IOException {
    Reports reports = new Reports(events);
    return importStream(
        input,
        parameters.format(),
        null,
        new ImportOptions(
            parameters.name(),
            parameters.sizeBytes(),
            trust(parameters.trustedKeys(), parameters.requireSignature()),
            PIPED,
            parameters.resume()),
        reports,
        reports);
  }

  private Imported importStream(
      InputStream given,
      String format,
      Path file,
      ImportOptions options,
      Reports reports,
      ProgressListener listener)
      throws IOException {
    BufferedInputStream input = new BufferedInputStream(given);
    Optional<ImageFormat> image = imageFormat(format, file);
    if (image.isEmpty() && format == null && isQcow2(input)) {
      image = Optional.of(ImageFormat.QCOW2);
    }
    if (image.isPresent() && options.resume()) {
      throw FirnException.usage(
          "%s is an image of a disk, which cannot be gone on with; import it without --resume",
          options.source());
    }
    Snapshot snapshot =
        image.isPresent()
            ? ImageImporter.importFrom(region, input, image.get(), options, mounter, listener)
            : Importer.importFrom(region, input, format(format), options, listener);
    return new Imported(snapshot, reports.warnings());
  }

  private static boolean isQcow2(BufferedInputStream input) throws IOException {
    input.mark(ImageFormat.DETECT_BYTES);
    byte[] head = input.readNBytes(ImageFormat.DETECT_BYTES);
    input.reset();
    return ImageFormat.isQcow2(head);
  }

  private static Signer signer(Path file) throws IOException {
    return file == null ? null : Signer.read(file);
  }

  private Trust trust(List<Path> files, boolean required) throws IOException {
    return Trust.of(region.home(), files == null ? List.of() : files, required);
  }

  private static PackageFormat format(String name) {
    return name == null ? null : PackageFormat.named(name);
  }

  /** Passes progress on, and keeps a few warnings for the result. */
  private static final class Reports implements ProgressListener {
    private static final int WARNINGS_MAX = 10;
    private static final int WARNING_CHARACTERS_MAX = 300;

    private final ProgressListener listener;
    private final List<String> warnings = new ArrayList<>();
    private long warned;

    Reports(ProgressListener listener) {
      this.listener = listener;
    }

    Reports(Events events) {
      this(
          (doneBytes, totalBytes) -> {
            try {
              events.progress(doneBytes, totalBytes, "bytes");
            } catch (IOException clientGone) {
              throw new UncheckedIOException(clientGone);
            }
          });
    }

    @Override
    public void progress(long doneBytes, long totalBytes) {
      listener.progress(doneBytes, totalBytes);
    }

    @Override
    public synchronized void warning(String message) {
      if (warned++ < WARNINGS_MAX) {
        warnings.add(
            message.length() <= WARNING_CHARACTERS_MAX
                ? message
                : message.substring(0, WARNING_CHARACTERS_MAX) + "…");
      }
    }

    synchronized List<String> warnings() {
      List<String> all = new ArrayList<>(warnings);
      if (warned > WARNINGS_MAX) {
        all.add((warned - WARNINGS_MAX) + " more warnings like these");
      }
      return all;
    }
  }
}
