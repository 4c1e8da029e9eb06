package dev.firn.server.oapi;

import java.util.List;
import java.util.function.Function;

/**
 * What of a request a signature covers.
 *
 * @param path as sent, with everything that is encoded in it
 * @param query as sent, or null
 * @param headers the values of a header, by its name in lower case, as they were sent
 */
record SignedRequest(
    String method, String path, String query, Function<String, List<String>> headers, byte[] body) {
  /** The one value of a header, or null. */
  String header(String name) {
    List<String> values = headers.apply(name);
    return values.size() == 1 ? values.get(0) : null;
  }
}
