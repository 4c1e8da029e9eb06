package dev.firn.cli;

import dev.firn.bucket.BucketAddress;
import picocli.CommandLine.Option;

/** Which bucket service commands mean. */
final class BucketOptions {
  @Option(
      names = "--endpoint",
      paramLabel = "URL",
      description = "The bucket service (default: $AWS_ENDPOINT_URL_S3, or AWS's own).")
  private String endpoint;

  /** The service and the key to it. */
  BucketAddress address(Session session) {
    return session.bucketAddress(endpoint);
  }
}
