package dev.firn.bucket;

import dev.firn.base.FirnException;
import java.net.URI;
import java.util.Locale;

/**
 * An S3-compatible service, and what one may do there.
 *
 * @param endpoint its URL, without a bucket
 * @param region what its signatures name
 * @param pathStyle whether buckets are in paths rather than in host names
 * @param sessionToken null, unless the key is a temporary one
 */
public record BucketAddress(
    URI endpoint,
    String region,
    boolean pathStyle,
    String accessKeyId,
    String secretKey,
    String sessionToken) {

  /** Without secrets. */
  @Override
  public String toString() {
    return endpoint + " as " + accessKeyId;
  }

  /**
   * The URL of a service.
   *
   * @throws FirnException of kind USAGE if it is none of HTTP
   */
  public static URI endpoint(String text) {
    try {
      URI uri = new URI(text);
      String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
      boolean web = scheme.equals("http") || scheme.equals("https");
      if (web && uri.getHost() != null && uri.getUserInfo() == null && uri.getQuery() == null) {
        return uri;
      }
    } catch (java.net.URISyntaxException e) {
      // Told below.
    }
    throw FirnException.usage(
        "'%s' is not the URL of a service, like https://s3.example.org", printable(text));
  }

  private static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }
}
