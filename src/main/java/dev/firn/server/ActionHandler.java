package dev.firn.server;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.firn.base.FirnException;
import java.io.BufferedOutputStream;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns HTTP requests into calls of actions, and what comes of them into HTTP answers. */
final class ActionHandler extends Handler.Abstract {
  private static final Logger LOG = LoggerFactory.getLogger(ActionHandler.class);

  /** Parameters are names, sizes and tags: more than this is a mistake. */
  private static final int PARAMETERS_BYTES_MAX = 1 << 20;

  /** A header must fit Jetty's buffer, together with all others. */
  private static final int OUTCOME_CHARACTERS_MAX = 6_000;

  private static final int STREAM_BUFFER_BYTES = 128 << 10;

  private static final ObjectWriter ASCII =
      Json.MAPPER.writer().with(JsonWriteFeature.ESCAPE_NON_ASCII);

  /** The actions of an account, by its id; of null those of the home's owner. */
  private final Function<String, Actions> actions;

  private final ActiveCalls calls;

  ActionHandler(Function<String, Actions> actions, ActiveCalls calls) {
    this.actions = actions;
    this.calls = calls;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    boolean begun = false;
    try {
      calls.begin();
      begun = true;
      call(request, response);
      callback.succeeded();
    } catch (Exception | Error e) {
      if (response.isCommitted()) {
        // The answer is under way, and cannot be taken back: break it off.
        LOG.debug("An answer was broken off", e);
        callback.failed(e);
      } else {
        answerFailure(request, response, callback, e);
      }
    } finally {
      // Only now: a server that stops waits for answers, also those that tell of failures.
      if (begun) {
        calls.end();
      }
    }
    return true;
  }

  private void answerFailure(Request request, Response response, Callback callback, Throwable e) {
    Failure failure = told(request, e);
    try {
      byte[] body = Json.MAPPER.writeValueAsBytes(error(request, failure, e));
      response.reset();
      response.setStatus(failure.httpStatus());
      answer(response, body);
      callback.succeeded();
    } catch (IOException gone) {
      callback.failed(gone);
    }
  }

  private <P extends Record> void call(Request request, Response response) throws IOException {
    String path = Request.getPathInContext(request);
    if (!path.startsWith(Protocol.PREFIX)) {
      throw FirnException.notFound(
          "there is nothing at '%s'; actions are at %sNAME", path, Protocol.PREFIX);
    }
    if (!HttpMethod.POST.is(request.getMethod())) {
      throw FirnException.usage("actions are called with POST, not %s", request.getMethod());
    }
    @SuppressWarnings("unchecked") // The class of the parameters comes from the same entry.
    Actions.Action<P> action =
        (Actions.Action<P>)
            actions
                .apply(request.getHeaders().get(Protocol.ACCOUNT_HEADER))
                .find(path.substring(Protocol.PREFIX.length()));
    call(request, response, action);
  }

  @SuppressWarnings("unchecked") // Actions pairs each handler with the class of its parameters.
  private <P extends Record> void call(Request request, Response response, Actions.Action<P> action)
      throws IOException {
    Object handler = action.handler();
    if (handler instanceof Actions.Upload<?> upload) {
      String header = request.getHeaders().get(Protocol.PARAMETERS_HEADER);
      P parameters = Json.MAPPER.readValue(header == null ? "{}" : header, action.parameters());
      try (InputStream input = new CheckedInput(Content.Source.asInputStream(request))) {
        work(
            request,
            response,
            events -> ((Actions.Upload<P>) upload).handle(parameters, input, events));
      }
      return;
    }
    P parameters = Json.MAPPER.readValue(body(request), action.parameters());
    if (handler instanceof Actions.Answer<?> answer) {
      byte[] body = Json.MAPPER.writeValueAsBytes(((Actions.Answer<P>) answer).handle(parameters));
      answer(response, body);
    } else if (handler instanceof Actions.Work<?> work) {
      work(request, response, events -> ((Actions.Work<P>) work).handle(parameters, events));
    } else {
      download(request, response, parameters, (Actions.Download<P>) handler);
    }
  }

  /** Long work, whatever started it. */
  private interface Running {
    Object run(Events events) throws IOException;
  }

  private void work(Request request, Response response, Running running) throws IOException {
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, Protocol.LINES);
    try (LineEvents events = new LineEvents(Content.Sink.asOutputStream(response), calls::check)) {
      Map<String, Object> last;
      try {
        last = Map.of("result", running.run(events));
      } catch (Exception | Error e) {
        if (!events.started()) {
          throw e;
        }
        last = error(request, told(request, e), e);
      }
      events.last(last);
    }
  }

  private <P> void download(
      Request request, Response response, P parameters, Actions.Download<P> handler)
      throws IOException {
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, Protocol.BYTES);
    AtomicReference<HttpFields> trailer = new AtomicReference<>(HttpFields.EMPTY);
    response.setTrailersSupplier(trailer::get);
    OutputStream body = Content.Sink.asOutputStream(response);
    OutputStream output = new BufferedOutputStream(new CheckedOutput(body), STREAM_BUFFER_BYTES);
    Map<String, Object> outcome;
    try {
      outcome = Map.of("result", handler.handle(parameters, output));
      output.flush();
    } catch (Exception | Error e) {
      if (!response.isCommitted()) {
        throw e;
      }
      outcome = error(request, told(request, e), e);
    }
    trailer.set(
        HttpFields.build()
            .put(Protocol.OUTCOME_HEADER, ASCII.writeValueAsString(shortened(outcome)))
            .asImmutable());
    body.close();
  }

  private static Map<String, Object> shortened(Map<String, Object> outcome) throws IOException {
    if (ASCII.writeValueAsString(outcome).length() <= OUTCOME_CHARACTERS_MAX) {
      return outcome;
    }
    return error("FAILED", "the outcome is too long to tell; the daemon's log has it", null);
  }

  private static byte[] body(Request request) throws IOException {
    try (InputStream input = Content.Source.asInputStream(request)) {
      byte[] body = input.readNBytes(PARAMETERS_BYTES_MAX + 1);
      if (body.length > PARAMETERS_BYTES_MAX) {
        throw FirnException.usage("parameters of more than %d bytes", PARAMETERS_BYTES_MAX);
      }
      return body.length == 0 ? new byte[] {'{', '}'} : body;
    }
  }

  private static void answer(Response response, byte[] body) throws IOException {
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, Protocol.JSON);
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    try (OutputStream output = Content.Sink.asOutputStream(response)) {
      output.write(body);
    }
  }

  private static Failure told(Request request, Throwable e) {
    Failure failure = Failure.of(e);
    String action = Request.getPathInContext(request);
    if (isClientGone(e)) {
      LOG.info("{}: the client went away", action);
    } else if (failure.expected()) {
      LOG.info("{}: {} {}", action, failure.kind(), failure.message());
    } else {
      LOG.error("{} failed", action, e);
    }
    return failure;
  }

  private static boolean isClientGone(Throwable e) {
    return e instanceof EofException || e.getCause() != null && isClientGone(e.getCause());
  }

  private static Map<String, Object> error(Request request, Failure failure, Throwable e) {
    String trace = null;
    if (request.getHeaders().contains(Protocol.DEBUG_HEADER)) {
      StringWriter text = new StringWriter();
      e.printStackTrace(new PrintWriter(text));
      trace = text.toString();
    }
    return error(failure.kind().name(), failure.message(), trace);
  }

  private static Map<String, Object> error(String kind, String message, String trace) {
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("kind", kind);
    error.put("message", message);
    if (trace != null) {
      error.put("trace", trace);
    }
    return Map.of("error", error);
  }

  /** Lets go when the server stops. */
  private final class CheckedInput extends FilterInputStream {
    CheckedInput(InputStream input) {
      super(input);
    }

    @Override
    public int read() throws IOException {
      calls.check();
      return super.read();
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      calls.check();
      return super.read(bytes, offset, length);
    }
  }

  /** Lets go when the server stops. */
  private final class CheckedOutput extends FilterOutputStream {
    CheckedOutput(OutputStream output) {
      super(output);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      calls.check();
      out.write(bytes, offset, length);
    }
  }
}
