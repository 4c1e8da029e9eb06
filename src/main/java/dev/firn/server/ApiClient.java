package dev.firn.server;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Calls the actions of a served home. Answers are JSON trees, so that a client needs no class of
 * the values it only shows. An error that the server tells comes as a {@link FirnException}; an
 * IOException means that the server went away or that the caller's own stream failed.
 *
 * <p>Safe for concurrent use: each call has a connection of its own.
 */
public final class ApiClient {
  private static final JsonMapper TREES = new JsonMapper();
  private static final ObjectReader READER = TREES.readerFor(JsonNode.class);

  private final Path socket;
  private final boolean debug;
  private final String accountId;

  /** Hears what long work tells; the default is to hear nothing. */
  public interface Listener {
    /** As {@link Events#progress}. */
    default void progress(long done, long total, String unit) {}

    /** As {@link Events#item}. */
    default void item(JsonNode item) throws IOException {}
  }

  /**
   * @param debug whether errors shall carry the server's stack trace as their cause
   */
  public ApiClient(Path socket, boolean debug) {
    this(socket, debug, null);
  }

  /**
   * @param debug whether errors shall carry the server's stack trace as their cause
   * @param accountId the account to act as; null: the home's owner
   */
  public ApiClient(Path socket, boolean debug, String accountId) {
    this.socket = socket;
    this.debug = debug;
    this.accountId = accountId;
  }

  /** An object to put parameters into. */
  public static ObjectNode parameters() {
    return TREES.createObjectNode();
  }

  /**
   * Whether a server answers.
   *
   * @throws FirnException of kind NOT_PERMITTED if this user may not use the socket
   */
  public boolean isServed() throws IOException {
    try {
      new HttpCall(socket).close();
      return true;
    } catch (ConnectException e) {
      return false;
    } catch (SocketException e) {
      if (String.valueOf(e.getMessage()).contains("Permission denied")) {
        throw FirnException.notPermitted(
            "the socket '%s' is not accessible: permission denied; run as the home's owner or use"
                + " another home",
            socket);
      }
      if (!Files.exists(socket)) {
        return false;
      }
      throw e;
    }
  }

  /** Calls a plain action. */
  public JsonNode call(String action, ObjectNode parameters) throws IOException {
    try (HttpCall call = post(action, parameters)) {
      return read(call);
    }
  }

  /** Calls long work, and returns its result. */
  public JsonNode work(String action, ObjectNode parameters, Listener listener) throws IOException {
    try (HttpCall call = post(action, parameters)) {
      return readLines(call, listener);
    }
  }

  /** Calls a download; what came before an error has been written to {@code target} by then. */
  public JsonNode download(String action, ObjectNode parameters, OutputStream target)
      throws IOException {
    try (HttpCall call = post(action, parameters)) {
      if (call.status() != 200) {
        return read(call);
      }
      call.body().transferTo(target);
      String outcome = call.trailer(Protocol.OUTCOME_HEADER);
      if (outcome == null) {
        throw new IOException("the answer has no outcome");
      }
      return result(READER.readTree(outcome));
    }
  }

  /** Calls an upload of everything that {@code source} gives. */
  public JsonNode upload(
      String action, ObjectNode parameters, InputStream source, Listener listener)
      throws IOException {
    try (HttpCall call = new HttpCall(socket)) {
      Map<String, String> headers = headers(Protocol.BYTES);
      headers.put(
          Protocol.PARAMETERS_HEADER,
          TREES.writer().with(JsonWriteFeature.ESCAPE_NON_ASCII).writeValueAsString(parameters));
      call.post(Protocol.PREFIX + action, headers, source);
      return readLines(call, listener);
    }
  }

  /** Writes {@code value} for people and programs: indented, UTF-8, a newline at the end. */
  public static void write(JsonNode value, OutputStream output) throws IOException {
    TREES
        .writerWithDefaultPrettyPrinter()
        .without(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
        .writeValue(output, value);
    output.write('\n');
  }

  private HttpCall post(String action, ObjectNode parameters) throws IOException {
    HttpCall call = new HttpCall(socket);
    try {
      call.post(
          Protocol.PREFIX + action, headers(Protocol.JSON), TREES.writeValueAsBytes(parameters));
      return call;
    } catch (IOException e) {
      call.close();
      throw e;
    }
  }

  private Map<String, String> headers(String contentType) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", contentType);
    if (accountId != null) {
      headers.put(Protocol.ACCOUNT_HEADER, accountId);
    }
    if (debug) {
      headers.put(Protocol.DEBUG_HEADER, "1");
    }
    return headers;
  }

  private static JsonNode read(HttpCall call) throws IOException {
    JsonNode body = READER.readTree(call.body());
    if (call.status() != 200) {
      throw failure(body.path("error"));
    }
    return body;
  }

  private static JsonNode readLines(HttpCall call, Listener listener) throws IOException {
    if (call.status() != 200) {
      return read(call);
    }
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(call.body(), StandardCharsets.UTF_8));
    for (String text = lines.readLine(); text != null; text = lines.readLine()) {
      JsonNode line = READER.readTree(text);
      if (line.has("item")) {
        listener.item(line.get("item"));
      } else if (line.has("progress")) {
        JsonNode progress = line.get("progress");
        listener.progress(
            progress.path("done").asLong(),
            progress.path("total").asLong(),
            progress.path("unit").asText());
      } else {
        return result(line);
      }
    }
    throw new IOException("the answer has no outcome");
  }

  private static JsonNode result(JsonNode outcome) {
    if (outcome.has("result")) {
      return outcome.get("result");
    }
    throw failure(outcome.path("error"));
  }

  private static FirnException failure(JsonNode error) {
    ErrorKind kind = ErrorKind.FAILED;
    for (ErrorKind known : ErrorKind.values()) {
      if (known.name().equals(error.path("kind").asText())) {
        kind = known;
      }
    }
    String message = error.path("message").asText("the daemon failed without a reason");
    JsonNode trace = error.get("trace");
    return new FirnException(
        kind, message, trace == null ? null : new IOException("in the daemon: " + trace.asText()));
  }
}
