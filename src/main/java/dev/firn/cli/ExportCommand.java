package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.FirnException;
import dev.firn.bucket.Bucket;
import dev.firn.bucket.ObjectName;
import dev.firn.bucket.ObjectOutput;
import dev.firn.pack.ImageFormat;
import dev.firn.pack.PackageFormat;
import dev.firn.server.ApiClient;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code firn export}. */
@Command(
    name = "export",
    description = {
      "Write a snapshot as a package, which 'firn import' takes, as an archive, or as an image",
      "of a disk (of a filesystem volume: an ext4 file system with its files)."
    },
    footer = {
      "Example:",
      "  firn export data@first first.firn",
      "  firn export db@last db.qcow2",
      "  firn export data@second second.firn --base data@first",
      "  firn export data@last s3://bucket/data.firn",
      "  firn export data@last - --format tar.zst | ssh host 'cat > data.tar.zst'"
    })
final class ExportCommand extends AccountClientCommand {
  private static final long SHOW_INTERVAL_NANOS = 200_000_000;

  @Parameters(
      index = "0",
      paramLabel = "SNAPSHOT",
      description = "An id, a name, VOLUME@NAME, VOLUME@last or VOLUME@-2.")
  private String snapshot;

  @Parameters(
      index = "1",
      paramLabel = "FILE|-|s3://BUCKET/KEY",
      description = {
        "A file, - for stdout, or an object of a bucket; the key to that comes from",
        "AWS_ACCESS_KEY_ID and the like. What an interrupted upload has sent is not sent again."
      })
  private String file;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = {
        "firn, tar, tar.gz, tar.zst, zip; raw, raw.gz, qcow2, qcow2.gz",
        "(default: as the file's name ends)."
      })
  private String format;

  @Option(
      names = "--base",
      paramLabel = "SNAPSHOT",
      description = {
        "Write only what makes the snapshot of this one.",
        "To import it, a home must have imported the base's package."
      })
  private String base;

  @Option(
      names = "--sign-key",
      paramLabel = "FILE",
      description = "Sign with the key that 'firn pack keygen' made.")
  private Path signKey;

  @Option(names = "--force", description = "Replace the file if it exists.")
  private boolean force;

  @Option(
      names = "--resume",
      description = {
        "Go on with a file that has the beginning of this export; what it has is compared.",
        "An interrupted one leaves what it wrote."
      })
  private boolean resume;

  @Option(
      names = "--skip",
      paramLabel = "BYTES",
      description = "Leave out what the other end of a broken pipe has already.")
  private long skippedBytes;

  @Mixin private BucketOptions buckets;

  @Override
  void run(Session session) throws IOException {
    ObjectNode parameters =
        ApiClient.parameters()
            .put("snapshot", snapshot)
            .put("format", format)
            .put("base", base)
            .put("signKey", signKey == null ? null : signKey.toAbsolutePath().toString());
    if (skippedBytes < 0) {
      throw FirnException.usage("--skip %d: there is no such beginning", skippedBytes);
    }
    if (resume && force) {
      throw FirnException.usage("--resume and --force exclude each other");
    }
    if (ObjectName.isOne(file)) {
      if (resume || skippedBytes > 0) {
        throw FirnException.usage("an upload to a bucket goes on without --resume and --skip");
      }
      upload(session, parameters, ObjectName.of(file));
      return;
    }
    Streams.refuseUrl(file);
    boolean stream = file.equals(Streams.STANDARD) || Streams.isSpecial(Path.of(file));
    if (stream ? resume : skippedBytes > 0) {
      throw FirnException.usage("--resume is for files, and --skip for pipes");
    }
    if (stream) {
      parameters.put("skippedBytes", skippedBytes);
    }
    if (file.equals(Streams.STANDARD)) {
      try (OutputStream output = new FileOutputStream(FileDescriptor.out)) {
        download(session, parameters, output, "standard output");
      }
      return;
    }
    Path path = Path.of(file).toAbsolutePath().normalize();
    if (Streams.isSpecial(path)) {
      // A pipe or a device: this process has it open or may open it, the daemon perhaps not.
      try (OutputStream output = Files.newOutputStream(path)) {
        download(session, parameters, output, file);
      }
      return;
    }
    parameters.put("file", path.toString()).put("overwrite", force).put("resume", resume);
    JsonNode exported;
    try (ProgressDisplay progress = new ProgressDisplay("Exporting")) {
      exported = session.work("ExportSnapshot", parameters, progress);
    }
    Streams.printWarnings(session, exported);
    session.printedAsJson(exported);
  }

  private void upload(Session session, ObjectNode parameters, ObjectName object)
      throws IOException {
    String wanted = format;
    if (wanted == null) {
      wanted =
          ImageFormat.ofFileName(object.key())
              .map(ImageFormat::text)
              .or(() -> PackageFormat.ofFileName(object.key()).map(PackageFormat::text))
              .orElseThrow(
                  () ->
                      FirnException.usage(
                          "the name '%s' tells no format; give one with --format: %s",
                          object, PackageFormat.all()));
    }
    parameters.put("format", wanted);
    long bytesMax =
        session
            .call("ReadExportSize", ApiClient.parameters().put("snapshot", snapshot))
            .path("bytesMax")
            .asLong();
    try (Bucket bucket = Bucket.open(buckets.address(session), object.bucket())) {
      if (!force && bucket.sizeBytes(object.key()) >= 0) {
        throw FirnException.conflict("'%s' exists already; replace it with --force", object);
      }
      try (ObjectOutput output = bucket.write(object.key(), bytesMax)) {
        download(session, parameters, output, object.toString());
        output.complete();
      }
    }
  }

  private static void download(
      Session session, ObjectNode parameters, OutputStream output, String name) throws IOException {
    String download = UUID.randomUUID().toString();
    JsonNode exported;
    try (ProgressDisplay progress = new ProgressDisplay("Exporting")) {
      exported =
          session.download(
              "DownloadSnapshot",
              parameters.put("download", download),
              new Target(output, name, () -> showState(session, download, progress)));
      progress.finish();
    }
    Streams.printWarnings(session, exported);
  }

  /** What comes is compressed, so that only the daemon knows how far it is. */
  private static void showState(Session session, String download, ProgressDisplay progress)
      throws IOException {
    if (!progress.isShown()) {
      return;
    }
    JsonNode told = session.call("ReadDownload", ApiClient.parameters().put("download", download));
    long totalBytes = told.path("totalBytes").asLong();
    // Nothing is known any more when the daemon is done and the last bytes come.
    if (totalBytes >= 0) {
      progress.progress(told.path("doneBytes").asLong(), totalBytes, "bytes");
    }
  }

  @FunctionalInterface
  private interface Step {
    void run() throws IOException;
  }

  /**
   * Tells a failure of the target from one of the connection, and shows now and then how far it is.
   */
  private static final class Target extends FilterOutputStream {
    private final String name;
    private final Step show;
    private long nextShowNanos = System.nanoTime();

    Target(OutputStream output, String name, Step show) {
      super(output);
      this.name = name;
      this.show = show;
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
      try {
        out.write(source, offset, length);
      } catch (IOException e) {
        throw FirnException.failed("cannot write to %s: %s", name, e.getMessage());
      }
      long now = System.nanoTime();
      if (now - nextShowNanos >= 0) {
        nextShowNanos = now + SHOW_INTERVAL_NANOS;
        show.run();
      }
    }
  }
}
