package dev.firn.bucket;

import dev.firn.base.FirnException;

/** An object in a bucket, as users write it: {@code s3://BUCKET/KEY}. */
public record ObjectName(String bucket, String key) {
  private static final String SCHEME = "s3://";

  public static boolean isOne(String text) {
    return text.startsWith(SCHEME);
  }

  /** FirnException USAGE if it is none. */
  public static ObjectName of(String text) {
    String rest = isOne(text) ? text.substring(SCHEME.length()) : "";
    int slash = rest.indexOf('/');
    if (slash <= 0 || slash == rest.length() - 1) {
      throw FirnException.usage("'%s' names no object: write s3://BUCKET/KEY", text);
    }
    return new ObjectName(rest.substring(0, slash), rest.substring(slash + 1));
  }

  @Override
  public String toString() {
    return SCHEME + bucket + "/" + key;
  }
}
