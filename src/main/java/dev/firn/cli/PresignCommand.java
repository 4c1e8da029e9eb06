package dev.firn.cli;

import dev.firn.bucket.Bucket;
import dev.firn.bucket.ObjectName;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code firn presign}. */
@Command(
    name = "presign",
    description = {
      "Print a URL by which anybody can read an object of a bucket until it expires.",
      "The key to the bucket comes from AWS_ACCESS_KEY_ID and the like."
    },
    footer = {"Example:", "  firn presign s3://bucket/first.firn --expires 86400"})
final class PresignCommand extends ClientCommand {
  @Parameters(paramLabel = "s3://BUCKET/KEY", description = "An object in a bucket.")
  private String object;

  @Option(
      names = "--expires",
      paramLabel = "SECONDS",
      defaultValue = "3600",
      description = "How long the URL is valid, up to seven days (default: ${DEFAULT-VALUE}).")
  private long expiresSeconds;

  @Mixin private BucketOptions buckets;

  @Override
  void run(Session session) throws IOException {
    URI url =
        Bucket.presign(
            buckets.address(session), ObjectName.of(object), Duration.ofSeconds(expiresSeconds));
    if (!session.printedAsJson(ApiClient.parameters().put("url", url.toString()))) {
      session.output().println(url);
    }
  }
}
