package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.base.FirnException;
import dev.firn.bucket.BucketAddress;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code firn image export}. */
@Command(
    name = "export",
    description = {
      "Export an image to a bucket, with a manifest that 'firn image import' takes, and print",
      "the task's id. The key to the bucket comes from AWS_ACCESS_KEY_ID and the like."
    },
    footer = {"Example:", "  firn image export ami-0123abcd s3://bucket/images/"})
final class ImageExportCommand extends AccountClientCommand {
  @Parameters(index = "0", paramLabel = "IMAGE", description = "An image's id.")
  private String image;

  @Parameters(
      index = "1",
      paramLabel = "s3://BUCKET[/PREFIX]",
      description = "Where to; the service is that of bucket.endpoint in the home's settings.")
  private String target;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "qcow2",
      description = "qcow2 or raw; compressed by gzip (default: ${DEFAULT-VALUE}).")
  private String format;

  @Option(names = "--no-wait", description = "Return when the task is noted.")
  private boolean noWait;

  @Override
  void run(Session session) throws IOException {
    BucketAddress address = session.bucketAddress(null);
    int slash = target.indexOf('/', "s3://".length());
    String bucket = slash < 0 ? target : target.substring(0, slash);
    if (!bucket.startsWith("s3://") || bucket.length() == "s3://".length()) {
      throw FirnException.usage("'%s' is no s3://BUCKET or s3://BUCKET/PREFIX", target);
    }
    JsonNode task =
        session.call(
            "ExportImage",
            ApiClient.parameters()
                .put("image", image)
                .put("bucket", bucket.substring("s3://".length()))
                .put("prefix", slash < 0 ? "" : target.substring(slash + 1))
                .put("diskFormat", format)
                .put("accessKeyId", address.accessKeyId())
                .put("secretKey", address.secretKey()));
    session.printId(noWait ? task : TaskWaiting.awaitEnd(session, Text.of(task, "id")));
  }
}
