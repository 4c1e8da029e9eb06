package dev.firn.bucket;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.SignedRequest;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * Calls the API of another Region, as its configured account. What passes (no connection, 429, 5xx)
 * is tried again: only calls that may be repeated belong here. For one thread.
 */
final class RegionClient implements Closeable {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String SERVICE = "api";
  private static final int ATTEMPTS_MAX = 6;
  private static final long FIRST_PAUSE_MILLIS = 200;
  private static final int ANSWER_BYTES_MAX = 16 << 20;

  private final Settings.OtherRegion region;
  private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();
  private final SdkHttpClient http =
      Apache5HttpClient.builder()
          .connectionTimeout(Duration.ofSeconds(10))
          .socketTimeout(Duration.ofSeconds(60))
          .build();

  RegionClient(Settings.OtherRegion region) {
    this.region = region;
  }

  /**
   * @throws FirnException FAILED if the Region cannot be reached, or of the kind of what it answers
   */
  JsonNode call(String action, ObjectNode parameters) throws IOException {
    for (int attempt = 1; ; attempt++) {
      IOException failure;
      try {
        HttpExecuteResponse answer = send(action, parameters);
        int status = answer.httpResponse().statusCode();
        JsonNode body = body(answer);
        if (status == 200) {
          return body;
        }
        if (status != 429 && status < 500) {
          throw refused(action, status, body);
        }
        failure = new IOException("HTTP status " + status);
      } catch (IOException e) {
        failure = e;
      }
      if (attempt == ATTEMPTS_MAX) {
        throw new FirnException(
            ErrorKind.FAILED,
            String.format(
                "region '%s' at %s cannot be reached: %s",
                region.name(), region.endpoint(), failure.getMessage()),
            failure);
      }
      pause(FIRST_PAUSE_MILLIS << attempt);
    }
  }

  static ObjectNode parameters() {
    return MAPPER.createObjectNode();
  }

  /** CONFLICT if the thread is asked to end. */
  static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw FirnException.conflict("the daemon is stopping");
    }
  }

  private HttpExecuteResponse send(String action, ObjectNode parameters) throws IOException {
    byte[] body = MAPPER.writeValueAsBytes(parameters);
    String base = region.endpoint().toString().replaceAll("/+$", "");
    SdkHttpRequest request =
        SdkHttpRequest.builder()
            .method(SdkHttpMethod.POST)
            .uri(URI.create(base + "/" + action))
            .putHeader("Content-Type", "application/json")
            .putHeader("Content-Length", Integer.toString(body.length))
            .build();
    SignedRequest signed =
        signer.sign(
            each ->
                each.identity(
                        AwsCredentialsIdentity.create(region.accessKeyId(), region.secretKey()))
                    .request(request)
                    .payload(() -> new ByteArrayInputStream(body))
                    .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, SERVICE)
                    .putProperty(AwsV4HttpSigner.REGION_NAME, region.name()));
    return http.prepareRequest(
            HttpExecuteRequest.builder()
                .request(signed.request())
                .contentStreamProvider(signed.payload().orElseThrow())
                .build())
        .call();
  }

  private static JsonNode body(HttpExecuteResponse answer) throws IOException {
    try (InputStream in = answer.responseBody().orElseThrow(() -> new IOException("no answer"))) {
      return MAPPER.readTree(in.readNBytes(ANSWER_BYTES_MAX));
    }
  }

  private FirnException refused(String action, int status, JsonNode body) {
    JsonNode error = body.path("Errors").path(0);
    return new FirnException(
        status == 401 || status == 403 ? ErrorKind.NOT_PERMITTED : ErrorKind.FAILED,
        String.format(
            "region '%s' refuses %s: %s (HTTP status %d, code %s)",
            region.name(),
            action,
            error.path("Details").asText("it does not say why"),
            status,
            error.path("Code").asText("none")),
        null);
  }

  @Override
  public void close() {
    http.close();
  }
}
