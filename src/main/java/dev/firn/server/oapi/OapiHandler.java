package dev.firn.server.oapi;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.FirnException;
import dev.firn.region.ApiLog;
import dev.firn.region.Region;
import dev.firn.server.ActiveCalls;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.Iterator;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Turns requests into calls and what comes of them into answers. The order is that of trust: the
 * size of the body, its signature, its shape, what the account may do; a dry run ends there.
 */
final class OapiHandler extends Handler.Abstract {
  private static final Logger LOG = LoggerFactory.getLogger(OapiHandler.class);
  private static final int BODY_BYTES_MAX = 1 << 20;
  private static final int DROPPED_BYTES_MAX = 16 << 20;
  private static final int CHUNK_BYTES = 16 << 10;
  private static final long BODY_SECONDS_MAX = 20;
  private static final int LOGGED_CHARACTERS_MAX = 8_000;
  private static final String JSON = "application/json";
  private static final String LOG_KEY = "request";

  private static final Pattern PATH =
      Pattern.compile("/(?:api/(v1|latest)/)?([A-Za-z][A-Za-z0-9]{0,63})");

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .build();

  private final Region home;
  private final Map<String, Action> actions;
  private final Signatures signatures;
  private final Passwords passwords;
  private final Metrics metrics;
  private final ActiveCalls calls;
  private final Clock clock;

  OapiHandler(
      Region home,
      Map<String, Action> actions,
      Signatures signatures,
      Passwords passwords,
      Metrics metrics,
      ActiveCalls calls,
      Clock clock) {
    this.home = home;
    this.actions = actions;
    this.signatures = signatures;
    this.passwords = passwords;
    this.metrics = metrics;
    this.calls = calls;
    this.clock = clock;
  }

  /** What is known of a request while it is answered; for one thread. */
  private static final class Exchange {
    final String id = UUID.randomUUID().toString();
    final long beganNanos = System.nanoTime();
    final Instant calledAt;
    String apiVersion = "v1";
    Action action;
    byte[] body = new byte[0];
    ObjectNode parameters;
    Caller caller;
    int status = 200;

    Exchange(Instant calledAt) {
      this.calledAt = calledAt;
    }
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    Exchange exchange = new Exchange(clock.instant());
    MDC.put(LOG_KEY, exchange.id);
    metrics.begun();
    calls.begin();
    // A server that stops waits for the answer, too.
    Callback ended = Callback.from(callback, calls::end);
    byte[] answer = new byte[0];
    try {
      answer = answer(request, exchange);
      response.setStatus(exchange.status);
      response.getHeaders().put(HttpHeader.CONTENT_TYPE, JSON);
      response.getHeaders().put("X-Request-Id", exchange.id);
      if (exchange.status == Problem.BODY_TOO_LARGE.httpStatus
          || exchange.status == Problem.TOO_SLOW.httpStatus) {
        // What is left of the body is not read.
        response.getHeaders().put(HttpHeader.CONNECTION, "close");
      }
      response.write(true, java.nio.ByteBuffer.wrap(answer), ended);
    } catch (RuntimeException | IOException e) {
      LOG.error("A request could not be answered", e);
      ended.failed(e);
    } finally {
      metrics.ended(
          exchange.action == null ? "none" : exchange.action.name(),
          exchange.status,
          (System.nanoTime() - exchange.beganNanos) / 1e9);
      audit(request, exchange, answer.length);
      MDC.remove(LOG_KEY);
    }
    return true;
  }

  private byte[] answer(Request request, Exchange exchange) throws IOException {
    ObjectNode answer;
    try {
      requireService();
      answer = call(request, exchange);
    } catch (IOException | RuntimeException | Error e) {
      OapiException told = OapiException.of(e);
      exchange.status = told.problem().httpStatus;
      if (e instanceof EofException) {
        LOG.info("{}: the client hung up", Request.getPathInContext(request));
      } else if (told.problem() == Problem.INTERNAL) {
        LOG.error("{} failed", Request.getPathInContext(request), e);
      } else {
        LOG.info(
            "{}: {} {}", Request.getPathInContext(request), told.problem().code, told.getMessage());
      }
      answer = error(told);
    }
    OldClients.adapt(request.getHeaders().get(HttpHeader.USER_AGENT), answer);
    answer.putObject("ResponseContext").put("RequestId", exchange.id);
    return MAPPER.writeValueAsBytes(answer);
  }

  private void requireService() {
    try {
      calls.check();
    } catch (FirnException e) {
      throw new OapiException(Problem.UNAVAILABLE, "%s", e.getMessage());
    }
  }

  private ObjectNode call(Request request, Exchange exchange) throws IOException {
    String rawPath = request.getHttpURI().getPath();
    // Slashes at the beginning come doubled from some clients.
    Matcher path = PATH.matcher(rawPath.replaceAll("^/{2,}", "/"));
    if (path.matches()) {
      exchange.apiVersion = path.group(1) == null ? "v1" : path.group(1);
      exchange.action = actions.get(path.group(2));
    }
    exchange.body = body(request);
    if (exchange.action == null) {
      throw new OapiException(Problem.NO_SUCH_ACTION, "there is no action here in this version");
    }
    if (!request.getMethod().equals("POST")) {
      throw new OapiException(Problem.METHOD_NOT_ALLOWED, "actions are called with POST");
    }
    Region region = home;
    if (exchange.action.proof() != Action.Proof.NONE) {
      SignedRequest signed =
          new SignedRequest(
              request.getMethod(),
              rawPath,
              request.getHttpURI().getQuery(),
              name -> request.getHeaders().getValuesList(name),
              exchange.body);
      boolean byPassword =
          exchange.action.proof() == Action.Proof.SIGNATURE_OR_PASSWORD && Passwords.areIn(signed);
      exchange.caller = byPassword ? passwords.verify(signed) : signatures.verify(signed);
      region = home.as(exchange.caller.accountId());
    }
    exchange.parameters = parse(exchange.body);
    exchange.action.parameters().check("", exchange.parameters);
    Action.Plan plan =
        exchange
            .action
            .handler()
            .plan(new Call(exchange.action.name(), exchange.parameters, region, exchange.caller));
    return exchange.parameters.path("DryRun").asBoolean(false) ? Call.answer() : plan.run();
  }

  /**
   * A body that is somewhat too long is read to its end and dropped: a connection that is closed
   * with bytes unread takes the answer with it.
   */
  private static byte[] body(Request request) throws IOException {
    boolean waits = request.getHeaders().contains(HttpHeader.EXPECT);
    if (request.getLength() > (waits ? BODY_BYTES_MAX : DROPPED_BYTES_MAX)) {
      throw tooLarge();
    }
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(BODY_SECONDS_MAX);
    try (InputStream input = Content.Source.asInputStream(request)) {
      ByteArrayOutputStream kept = new ByteArrayOutputStream();
      byte[] chunk = new byte[CHUNK_BYTES];
      long length = 0;
      for (int read = input.read(chunk); read >= 0; read = input.read(chunk)) {
        length += read;
        if (length > DROPPED_BYTES_MAX) {
          throw tooLarge();
        }
        if (length <= BODY_BYTES_MAX) {
          kept.write(chunk, 0, read);
        }
        if (System.nanoTime() > until) {
          throw new OapiException(
              Problem.TOO_SLOW, "the body took more than %d seconds", BODY_SECONDS_MAX);
        }
      }
      if (length > BODY_BYTES_MAX) {
        throw tooLarge();
      }
      return kept.toByteArray();
    }
  }

  private static OapiException tooLarge() {
    return new OapiException(
        Problem.BODY_TOO_LARGE, "the body has more than %d bytes", BODY_BYTES_MAX);
  }

  private static ObjectNode parse(byte[] body) throws IOException {
    if (body.length == 0) {
      return JsonNodeFactory.instance.objectNode();
    }
    try {
      JsonNode tree = MAPPER.readTree(body);
      if (tree instanceof ObjectNode object) {
        withoutNulls(object);
        return object;
      }
    } catch (JsonProcessingException e) {
      throw new OapiException(
          Problem.INVALID_PARAMETER, "the body is no JSON: %s", oneLine(e.getOriginalMessage()));
    }
    throw new OapiException(Problem.INVALID_PARAMETER_TYPE, "the body is no JSON object");
  }

  /** A key without a value is one that is not given. */
  private static void withoutNulls(JsonNode node) {
    if (node instanceof ObjectNode object) {
      object.properties().removeIf(entry -> entry.getValue().isNull());
    }
    for (Iterator<JsonNode> i = node.elements(); i.hasNext(); ) {
      withoutNulls(i.next());
    }
  }

  private static ObjectNode error(OapiException told) {
    ObjectNode answer = Call.answer();
    answer
        .putArray("Errors")
        .addObject()
        .put("Type", told.problem().type)
        .put("Code", told.problem().code)
        .put("Details", told.getMessage());
    return answer;
  }

  /** Only calls of known accounts are kept: what strangers send would fill the catalog. */
  private void audit(Request request, Exchange exchange, int answerBytes) {
    if (exchange.caller == null) {
      return;
    }
    StringBuilder header = new StringBuilder();
    long headerBytes = 0;
    for (HttpField field : request.getHeaders()) {
      headerBytes += field.getName().length() + String.valueOf(field.getValue()).length() + 4;
      boolean secret = field.getName().equalsIgnoreCase("Authorization");
      header.append(field.getName()).append(": ").append(secret ? "***" : field.getValue());
      header.append('\n');
    }
    String agent = request.getHeaders().get(HttpHeader.USER_AGENT);
    home.apiLogs()
        .add(
            new ApiLog(
                0,
                exchange.caller.accountId(),
                exchange.id,
                exchange.caller.accessKeyId(),
                exchange.action.name(),
                exchange.calledAt,
                (System.nanoTime() - exchange.beganNanos) / 1000,
                Request.getRemoteAddr(request),
                limited(agent == null ? "" : agent, 1024),
                exchange.apiVersion,
                limited(header.toString(), LOGGED_CHARACTERS_MAX),
                headerBytes,
                limited(payload(exchange), LOGGED_CHARACTERS_MAX),
                exchange.body.length,
                answerBytes,
                exchange.status));
  }

  private static String payload(Exchange exchange) {
    if (exchange.parameters == null) {
      return new String(exchange.body, StandardCharsets.UTF_8);
    }
    ObjectNode shown = exchange.parameters.deepCopy();
    hideSecrets(shown);
    return shown.toString();
  }

  private static void hideSecrets(JsonNode node) {
    if (node instanceof ObjectNode object) {
      for (String name : new String[] {"SecretKey", "FileLocation"}) {
        if (object.has(name)) {
          object.put(name, "***");
        }
      }
    }
    node.forEach(OapiHandler::hideSecrets);
  }

  private static String limited(String text, int characters) {
    return text.length() <= characters ? text : text.substring(0, characters);
  }

  private static String oneLine(String text) {
    return String.valueOf(text).replaceAll("\\s*\\R\\s*", " ");
  }
}
