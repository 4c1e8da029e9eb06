package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.firn.region.Accounts;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signs and sends requests as several clients do; written from the definition of the signature. */
final class SigningClient {
  static final ObjectMapper MAPPER = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private final URI endpoint;
  private final Accounts.NewAccessKey key;
  private final Clock clock;

  /**
   * @param endpoint scheme, host and port
   * @param key null: requests are not signed
   */
  SigningClient(URI endpoint, Accounts.NewAccessKey key, Clock clock) {
    this.endpoint = endpoint;
    this.key = key;
    this.clock = clock;
  }

  /** An answer. */
  record Answer(int status, JsonNode body) {
    String code() {
      return body.path("Errors").path(0).path("Code").asText(null);
    }
  }

  /** How a client signs; each part can be made wrong. */
  static final class Style {
    String dialect = "AWS4";
    String dateHeader = "X-Amz-Date";
    List<String> signedHeaders = List.of("content-type", "host", "x-amz-date");
    String pathPrefix = "/api/v1/";
    String signedPathPrefix;
    boolean signsPort = true;
    String region = "local-1";
    String service = "api";
    Instant time;
    String secret;
    String signedAction;
    String signedBody;

    static Style aws4() {
      return new Style();
    }

    static Style oscPython() {
      Style style = new Style();
      style.dialect = "OSC4";
      style.dateHeader = "X-Osc-Date";
      style.signedHeaders = List.of("content-type", "host", "x-osc-date");
      style.signsPort = false;
      return style;
    }

    static Style oscCli() {
      Style style = new Style();
      style.dialect = "OSC4";
      style.dateHeader = "X-Osc-Date";
      style.signedHeaders = List.of("host", "x-osc-date", "x-osc-target");
      style.pathPrefix = "//api/latest/";
      style.signedPathPrefix = "/api/latest/";
      return style;
    }
  }

  Answer call(String action, String body) throws IOException {
    return call(action, body, Style.aws4(), Map.of());
  }

  /**
   * @param late headers that are changed after signing
   */
  Answer call(String action, String body, Style style, Map<String, String> late)
      throws IOException {
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    headers.put("Content-Type", "application/json");
    headers.put("X-Osc-Target", "oapi." + action);
    Instant time = style.time == null ? clock.instant() : style.time;
    String date =
        DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC)
            .format(time);
    headers.put(style.dateHeader, date);
    if (key != null) {
      headers.put("Authorization", authorization(action, body, style, headers, date));
    }
    headers.putAll(late);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(endpoint + style.pathPrefix + action))
            .POST(HttpRequest.BodyPublishers.ofString(body));
    headers.forEach(request::header);
    try {
      HttpResponse<String> response =
          HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Answer(response.statusCode(), MAPPER.readTree(response.body()));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private String authorization(
      String action, String body, Style style, Map<String, String> headers, String date) {
    String path =
        (style.signedPathPrefix == null ? style.pathPrefix : style.signedPathPrefix)
            + (style.signedAction == null ? action : style.signedAction);
    StringBuilder canonical = new StringBuilder("POST\n" + path + "\n\n");
    for (String name : style.signedHeaders) {
      String value =
          name.equals("host")
              ? endpoint.getHost() + (style.signsPort ? ":" + endpoint.getPort() : "")
              : headers.get(name);
      canonical.append(name).append(':').append(value).append('\n');
    }
    String names = String.join(";", style.signedHeaders);
    canonical.append('\n').append(names).append('\n');
    canonical.append(hash(style.signedBody == null ? body : style.signedBody));
    String day = date.substring(0, 8);
    String end = style.dialect.toLowerCase(Locale.ROOT) + "_request";
    String scope = day + "/" + style.region + "/" + style.service + "/" + end;
    String text =
        style.dialect + "-HMAC-SHA256\n" + date + "\n" + scope + "\n" + hash(canonical.toString());
    byte[] signing =
        (style.dialect + (style.secret == null ? key.secret() : style.secret))
            .getBytes(StandardCharsets.UTF_8);
    for (String part : List.of(day, style.region, style.service, end)) {
      signing = hmac(signing, part);
    }
    return style.dialect
        + "-HMAC-SHA256 Credential="
        + key.key().id()
        + "/"
        + scope
        + ", SignedHeaders="
        + names
        + ", Signature="
        + HexFormat.of().formatHex(hmac(signing, text));
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static String hash(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
