package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.FirnException;
import dev.firn.bucket.Bucket;
import dev.firn.bucket.ObjectName;
import dev.firn.bucket.RemoteFile;
import dev.firn.pack.ImageFormat;
import dev.firn.server.ApiClient;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code firn import}. */
@Command(
    name = "import",
    description = "Make a snapshot from a package, an archive or a disk's image, and print its id.",
    footer = {
      "Example:",
      "  firn import first.firn",
      "  firn import debian-12-generic-amd64.qcow2 --name debian",
      "  firn import large.firn --resume",
      "  firn import https://example.org/tree.tar.gz --name tree",
      "  ssh host cat tree.tar.zst | firn import - --name tree"
    })
final class ImportCommand extends AccountClientCommand {
  private static final Duration URL_VALIDITY = Duration.ofDays(7);

  @Parameters(
      paramLabel = "FILE|-|URL",
      arity = "0..1",
      description = {
        "A file, - for stdin, http://…, https://… or s3://BUCKET/KEY. What breaks off on the",
        "way is read on from where it was; the key to a bucket comes from AWS_ACCESS_KEY_ID."
      })
  private String file;

  @Option(names = "--name", paramLabel = "NAME", description = "The snapshot's name.")
  private String name;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = {
        "firn, tar, tar.gz, tar.zst, zip; raw, raw.gz, qcow2, qcow2.gz: a disk",
        "(default: as the file's contents say; raw and compressed disks, as its name ends)."
      })
  private String format;

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      description = "The size of a volume made from it (default: as the package says, or enough).")
  private Long sizeBytes;

  @Option(
      names = "--trusted-key",
      paramLabel = "FILE",
      description = {
        "Take packages signed by this public key, and by no other that is not in the home's"
            + " trusted-keys; may be repeated."
      })
  private List<Path> trustedKeys = List.of();

  @Option(names = "--require-signature", description = "Refuse what is not signed.")
  private boolean requireSignature;

  @Mixin private BucketOptions buckets;

  @Option(
      names = "--resume",
      description = {
        "Go on with an import of the same package that was interrupted, and keep what has come",
        "if this one is, too. For firn packages."
      })
  private boolean resume;

  @Option(
      names = "--discard",
      description = "Instead of importing, give up what interrupted imports have kept.")
  private boolean discard;

  @Override
  void run(Session session) throws IOException {
    if (discard != (file == null) || discard && resume) {
      throw FirnException.usage("name a file to import, or - for stdin; or give --discard alone");
    }
    if (discard) {
      JsonNode discarded =
          session.work("DiscardImports", ApiClient.parameters(), new ApiClient.Listener() {});
      if (!session.printedAsJson(discarded)) {
        session.output().println(discarded.get("imports").asInt());
      }
      return;
    }
    ObjectNode parameters =
        ApiClient.parameters()
            .put("name", name)
            .put("format", format)
            .put("sizeBytes", sizeBytes)
            .put("requireSignature", requireSignature)
            .put("resume", resume);
    ArrayNode keys = parameters.putArray("trustedKeys");
    trustedKeys.forEach(key -> keys.add(key.toAbsolutePath().toString()));
    JsonNode snapshot;
    try (ProgressDisplay progress = new ProgressDisplay("Importing")) {
      snapshot = send(session, parameters, progress);
    }
    Streams.printWarnings(session, snapshot);
    session.printId(snapshot);
  }

  private JsonNode send(Session session, ObjectNode parameters, ProgressDisplay progress)
      throws IOException {
    if (file.equals(Streams.STANDARD)) {
      try (InputStream input = new FileInputStream(FileDescriptor.in)) {
        return upload(session, parameters, input, progress);
      }
    }
    if (ObjectName.isOne(file)) {
      URI url = Bucket.presign(buckets.address(session), ObjectName.of(file), URL_VALIDITY);
      return fetch(session, parameters, url.toString(), progress);
    }
    if (RemoteFile.isUrl(file)) {
      return fetch(session, parameters, file, progress);
    }
    Streams.refuseUrl(file);
    Path path = Path.of(file).toAbsolutePath().normalize();
    if (Streams.isSpecial(path)) {
      try (InputStream input = Files.newInputStream(path)) {
        return upload(session, parameters, input, progress);
      }
    }
    return session.work("ImportSnapshot", parameters.put("file", path.toString()), progress);
  }

  /** By this process, which may reach what the user may; the daemon gets the bytes. */
  private JsonNode fetch(
      Session session, ObjectNode parameters, String url, ProgressDisplay progress)
      throws IOException {
    try (RemoteFile remote = RemoteFile.open(url)) {
      if (format == null) {
        ImageFormat.ofFileName(remote.name())
            .ifPresent(image -> parameters.put("format", image.text()));
      }
      return session.upload(
          "UploadSnapshot",
          parameters,
          new Source(remote, progress, remote.lengthBytes()),
          new ApiClient.Listener() {});
    }
  }

  private static JsonNode upload(
      Session session, ObjectNode parameters, InputStream input, ProgressDisplay progress)
      throws IOException {
    // What is sent is what there is to see; what the daemon tells comes after it.
    return session.upload(
        "UploadSnapshot", parameters, new Source(input, progress, -1), new ApiClient.Listener() {});
  }

  /** Counts what is sent. */
  private static final class Source extends FilterInputStream {
    private final ProgressDisplay progress;
    private final long totalBytes;
    private long bytes;

    /**
     * @param totalBytes -1 if only the end will tell
     */
    Source(InputStream input, ProgressDisplay progress, long totalBytes) {
      super(input);
      this.progress = progress;
      this.totalBytes = totalBytes;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int read = super.read(target, offset, length);
      bytes += Math.max(read, 0);
      progress.progress(bytes, totalBytes, "bytes");
      return read;
    }
  }
}
