package dev.firn.server.oapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.region.AccessKey;
import dev.firn.region.Accounts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Requests whose signatures were not made by code of ours: with {@code curl --aws-sigv4}, and, for
 * what curl does not do, with a few lines of Python after the definition.
 */
class SignatureVectorsTest {
  private static final Instant TIME = Instant.parse("2026-11-28T23:18:09Z");
  private static final String DATE = "20261128T231809Z";
  private static final String BODY = "{\"Filters\":{\"VolumeSizes\":[1]}}";
  private static final String KEY = "0123456789ABCDEFGHIJ";

  /** A request that can be altered part by part. */
  private record Vector(
      String name,
      String method,
      String path,
      String query,
      Map<String, String> headers,
      String body) {
    @Override
    public String toString() {
      return name;
    }

    Vector with(String header, String value) {
      Map<String, String> changed = new HashMap<>(headers);
      changed.put(header, value);
      return new Vector(name + ", " + header, method, path, query, changed, body);
    }

    Vector withAuthorization(String part, String other) {
      String authorization = headers.get("authorization");
      assertTrue(authorization.contains(part), authorization);
      return with("authorization", authorization.replace(part, other));
    }

    SignedRequest request() {
      return new SignedRequest(
          method,
          path,
          query,
          header -> headers.containsKey(header) ? List.of(headers.get(header)) : List.of(),
          body.getBytes(StandardCharsets.UTF_8));
    }
  }

  private static Vector vector(
      String name, String dialect, String path, String signed, String signature) {
    Map<String, String> headers = new HashMap<>();
    headers.put("host", "127.0.0.1:46181");
    headers.put("content-type", "application/json");
    headers.put(dialect.equals("AWS4") ? "x-amz-date" : "x-osc-date", DATE);
    if (signed.contains("x-osc-target")) {
      headers.put("x-osc-target", "oapi.ReadVolumes");
    }
    headers.put(
        "authorization",
        String.format(
            "%s-HMAC-SHA256 Credential=%s/20261128/local-1/api/%s_request, SignedHeaders=%s,"
                + " Signature=%s",
            dialect, KEY, dialect.toLowerCase(), signed, signature));
    return new Vector(name, "POST", path, null, headers, BODY);
  }

  static List<Vector> vectors() {
    return List.of(
        vector(
            "AWS4, curl",
            "AWS4",
            "/api/v1/ReadVolumes",
            "content-type;host;x-amz-date",
            "ae21a60abb8fc5c62401c500ec76f05489f6e1190ef72dfe8f03e8af668f74c0"),
        vector(
            "OSC4, curl",
            "OSC4",
            "/api/v1/ReadVolumes",
            "content-type;host;x-osc-date",
            "5d7d68e9f51c83ed2e9adb338c66909e03dc6499d6b31d0359f9992ad31e2153"),
        vector(
            "OSC4, curl, short path",
            "OSC4",
            "/ReadVolumes",
            "content-type;host;x-osc-date",
            "c95ca17b06b69f22226fd58ca9db4a32d57f7e38b1b7f3d8e33cba6864326369"),
        vector(
            "OSC4, host without port",
            "OSC4",
            "/api/v1/ReadVolumes",
            "content-type;host;x-osc-date",
            "d00c2dda2d70bb5e033d87037eae9f3cf20a238250d6488c6ffa697a68f8a02f"),
        vector(
            "OSC4, slashes put together",
            "OSC4",
            "//api/latest/ReadVolumes",
            "host;x-osc-date;x-osc-target",
            "e5af1045a5afe2e2efc6c81e8bd021f5c2b41e156ba168f50976d152940d5b42"));
  }

  private static Caller verify(Vector vector, Instant now) throws IOException {
    Accounts.Credentials credentials =
        new Accounts.Credentials(
            new AccessKey(KEY, "123456789012", true, null, TIME, TIME, null),
            "0123456789".repeat(4));
    return new Signatures(
            id -> id.equals(KEY) ? credentials : null, "local-1", Clock.fixed(now, ZoneOffset.UTC))
        .verify(vector.request());
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void itIsVerifiedWithinFiveMinutes(Vector vector) throws IOException {
    for (int seconds : new int[] {-300, -299, 0, 299, 300}) {
      Caller caller = verify(vector, TIME.plusSeconds(seconds));
      assertEquals(new Caller("123456789012", KEY), caller);
    }
    for (int seconds : new int[] {-301, 301}) {
      OapiException denied =
          assertThrows(OapiException.class, () -> verify(vector, TIME.plusSeconds(seconds)));
      assertTrue(denied.getMessage().contains("five minutes"), denied.getMessage());
    }
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void nothingOfItCanBeAltered(Vector vector) {
    List<Vector> altered = new ArrayList<>();
    String path = vector.path();
    Map<String, String> headers = vector.headers();
    altered.add(new Vector("method", "PUT", path, null, headers, BODY));
    altered.add(new Vector("action", "POST", path.replace("Read", "Delete"), null, headers, BODY));
    altered.add(new Vector("path", "POST", "/api/v2/ReadVolumes", null, headers, BODY));
    altered.add(new Vector("query", "POST", path, "x=1", headers, BODY));
    altered.add(new Vector("body", "POST", path, null, headers, BODY + " "));
    altered.add(new Vector("no body", "POST", path, null, headers, ""));
    String authorization = headers.get("authorization");
    String signed = authorization.replaceAll(".*SignedHeaders=([^,]*),.*", "$1");
    for (String header : signed.split(";")) {
      String value = headers.get(header);
      altered.add(vector.with(header, header.endsWith("date") ? "20261128T231810Z" : "x" + value));
    }
    altered.add(vector.withAuthorization("Signature=", "Signature=0"));
    String signature = authorization.replaceAll(".*Signature=", "");
    altered.add(vector.withAuthorization(signature, "0".repeat(64)));
    altered.add(vector.withAuthorization(signature, signature.substring(1) + signature.charAt(0)));
    altered.add(vector.withAuthorization(KEY, "ABCDEFGHIJ0123456789"));
    altered.add(vector.withAuthorization("/local-1/", "/local-2/"));
    altered.add(vector.withAuthorization("/api/", "/s3/"));
    altered.add(vector.withAuthorization("/20261128/", "/20261127/"));
    altered.add(vector.withAuthorization("SignedHeaders=" + signed, "SignedHeaders=host"));
    altered.add(
        vector.withAuthorization("SignedHeaders=" + signed, "SignedHeaders=" + signed + ";accept"));
    String dialect = authorization.substring(0, 4);
    String other = dialect.equals("AWS4") ? "OSC4" : "AWS4";
    altered.add(vector.withAuthorization(dialect + "-", other + "-"));
    altered.add(
        vector
            .withAuthorization(dialect + "-", other + "-")
            .withAuthorization(dialect.toLowerCase() + "_", other.toLowerCase() + "_"));
    for (Vector each : altered) {
      OapiException denied =
          assertThrows(OapiException.class, () -> verify(each, TIME), each.toString());
      assertEquals(Problem.NOT_AUTHENTICATED, denied.problem(), each.toString());
    }
  }
}
