package dev.firn.cli;

import dev.firn.base.FirnException;
import dev.firn.bucket.BucketAddress;
import java.net.URI;
import java.util.Map;

/**
 * The bucket service and the key to it, as AWS's tools are told of them: by environment variables.
 * Secrets are never arguments, which everybody on the machine can read.
 */
final class BucketEnvironment {
  private static final String DEFAULT_REGION = "us-east-1";

  private BucketEnvironment() {}

  /**
   * @param endpoint null: as the environment says
   */
  static BucketAddress address(Map<String, String> environment, String endpoint) {
    String region = first(environment, "AWS_REGION", "AWS_DEFAULT_REGION");
    if (region == null) {
      region = DEFAULT_REGION;
    }
    String service =
        endpoint != null ? endpoint : first(environment, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
    URI url =
        BucketAddress.endpoint(
            service == null ? "https://s3." + region + ".amazonaws.com" : service);
    String keyId = first(environment, "AWS_ACCESS_KEY_ID");
    String secretKey = first(environment, "AWS_SECRET_ACCESS_KEY");
    if (keyId == null || secretKey == null) {
      throw FirnException.usage(
          "the key to the bucket is missing: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    }
    return new BucketAddress(
        url, region, service != null, keyId, secretKey, first(environment, "AWS_SESSION_TOKEN"));
  }

  private static String first(Map<String, String> environment, String... names) {
    for (String name : names) {
      String value = environment.get(name);
      if (value != null && !value.isBlank()) {
        return value.strip();
      }
    }
    return null;
  }
}
