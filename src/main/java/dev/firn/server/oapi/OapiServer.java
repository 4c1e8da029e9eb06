package dev.firn.server.oapi;

import dev.firn.base.FirnException;
import dev.firn.bucket.Transfers;
import dev.firn.region.Region;
import dev.firn.server.ActiveCalls;
import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Clock;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves the API over TCP, and metrics and health apart from it. Safe for concurrent use. */
public final class OapiServer implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(OapiServer.class);
  private static final int THREADS_MAX = 160;
  private static final int IDLE_MILLIS_MAX = 30_000;
  private static final int HEADER_BYTES_MAX = 16 << 10;
  private static final int STOP_SECONDS_MAX = 30;
  private static final int BACKLOG = 256;

  private final ActiveCalls calls = new ActiveCalls();
  private final Metrics metrics = new Metrics();
  private final Map<String, Action> actions = new LinkedHashMap<>();
  private final Server server;
  private final Server metricsServer;
  private final ServerConnector connector;
  private final ServerConnector metricsConnector;
  private final boolean secure;

  private OapiServer(
      Region home, Attachments mounts, Transfers transfers, OapiOptions options, Clock clock) {
    secure = options.keyStore() != null;
    QueuedThreadPool threads = new QueuedThreadPool(THREADS_MAX, 2);
    threads.setName("oapi");
    server = new Server(threads);
    connector = connector(server, options);
    for (List<Action> group :
        List.of(
            new VolumeCalls(mounts).actions(),
            new SnapshotCalls(transfers).actions(),
            new ImageCalls(transfers).actions(),
            new ExportCalls(transfers).actions(),
            new TagCalls().actions(),
            new RegionCalls(home, this::endpoint).actions(),
            new KeyCalls().actions(),
            new LogCalls(clock).actions())) {
      group.forEach(action -> actions.put(action.name(), action));
    }
    Signatures signatures = new Signatures(home.accounts()::credentials, home.info().name(), clock);
    Passwords passwords = new Passwords(home.accounts().logins(), clock);
    server.setHandler(new OapiHandler(home, actions, signatures, passwords, metrics, calls, clock));
    if (options.metrics() == null) {
      metricsServer = null;
      metricsConnector = null;
    } else {
      QueuedThreadPool few = new QueuedThreadPool(8, 1);
      few.setName("metrics");
      metricsServer = new Server(few);
      metricsConnector = plainConnector(metricsServer, options.metrics());
      metricsServer.setHandler(new MetricsHandler());
    }
  }

  /**
   * Starts to serve.
   *
   * @throws FirnException CONFLICT if an address is taken, USAGE if the key store is not usable
   */
  public static OapiServer start(
      Region home, Attachments mounts, Transfers transfers, OapiOptions options)
      throws IOException {
    return start(home, mounts, transfers, options, Clock.systemUTC());
  }

  static OapiServer start(
      Region home, Attachments mounts, Transfers transfers, OapiOptions options, Clock clock)
      throws IOException {
    if (options.keyStore() != null && !Files.isReadable(options.keyStore())) {
      throw FirnException.notFound("the key store '%s' cannot be read", options.keyStore());
    }
    OapiServer started = new OapiServer(home, mounts, transfers, options, clock);
    boolean done = false;
    try {
      started.server.start();
      if (started.metricsServer != null) {
        started.metricsServer.start();
      }
      done = true;
      LOG.info("The API is served at {}", started.url());
      return started;
    } catch (Exception e) {
      throw told(e, options);
    } finally {
      if (!done) {
        started.close();
      }
    }
  }

  /** All that can be called. */
  Collection<Action> actions() {
    return actions.values();
  }

  /** Where the API is, like {@code http://127.0.0.1:8080/api/v1}. */
  public String url() {
    return (secure ? "https://" : "http://") + endpoint() + "/api/v1";
  }

  /** Where metrics and health are, like {@code http://127.0.0.1:9090}; null: nowhere. */
  public String metricsUrl() {
    return metricsConnector == null ? null : "http://" + text(metricsConnector);
  }

  /**
   * Takes no more calls, lets those that run end, and stops. Calls that do not end in time are left
   * alone and logged.
   */
  @Override
  public void close() {
    try {
      connector.shutdown();
      if (calls.stop(STOP_SECONDS_MAX)) {
        server.stop();
      } else {
        LOG.warn("Some calls of the API did not end within {} seconds", STOP_SECONDS_MAX);
      }
      if (metricsServer != null) {
        metricsServer.stop();
      }
    } catch (Exception e) {
      LOG.warn("The API could not be closed in order", e);
    }
  }

  private static IOException told(Exception e, OapiOptions options) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof BindException) {
        throw FirnException.conflict(
            "cannot listen at %s: %s; choose another address",
            OapiOptions.text(options.listen()), cause.getMessage());
      }
    }
    if (options.keyStore() != null) {
      throw FirnException.usage(
          "the key store '%s' cannot be used: %s", options.keyStore(), e.getMessage());
    }
    return new IOException("the API cannot be served: " + e.getMessage(), e);
  }

  private String endpoint() {
    return text(connector);
  }

  private static String text(ServerConnector connector) {
    return OapiOptions.text(
        new InetSocketAddress(
            new InetSocketAddress(connector.getHost(), 0).getAddress(), connector.getLocalPort()));
  }

  private static ServerConnector connector(Server server, OapiOptions options) {
    if (options.keyStore() == null) {
      return plainConnector(server, options.listen());
    }
    SslContextFactory.Server tls = new SslContextFactory.Server();
    tls.setKeyStorePath(options.keyStore().toString());
    tls.setKeyStorePassword(options.keyStorePassword());
    HttpConfiguration configuration = configuration();
    // Which name a client asks for does not matter: there is one.
    configuration.addCustomizer(new SecureRequestCustomizer(false));
    return added(
        server,
        options.listen(),
        new ServerConnector(
            server,
            new SslConnectionFactory(tls, "http/1.1"),
            new HttpConnectionFactory(configuration)));
  }

  private static ServerConnector plainConnector(Server server, InetSocketAddress address) {
    return added(
        server,
        address,
        new ServerConnector(server, 1, 1, new HttpConnectionFactory(configuration())));
  }

  private static ServerConnector added(
      Server server, InetSocketAddress address, ServerConnector connector) {
    connector.setHost(address.getAddress().getHostAddress());
    connector.setPort(address.getPort());
    connector.setIdleTimeout(IDLE_MILLIS_MAX);
    connector.setAcceptQueueSize(BACKLOG);
    server.addConnector(connector);
    return connector;
  }

  private static HttpConfiguration configuration() {
    HttpConfiguration configuration = new HttpConfiguration();
    configuration.setSendServerVersion(false);
    configuration.setRequestHeaderSize(HEADER_BYTES_MAX);
    // Signatures cover paths as they are sent; what may be in one is decided here.
    configuration.setUriCompliance(org.eclipse.jetty.http.UriCompliance.LEGACY);
    return configuration;
  }

  /** Answers {@code /metrics} and {@code /health}. */
  private final class MetricsHandler extends Handler.Abstract {
    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
      byte[] body;
      String type = "text/plain; charset=utf-8";
      switch (Request.getPathInContext(request)) {
        case "/metrics" -> {
          body = metrics.text();
          type = Metrics.CONTENT_TYPE;
        }
        case "/health" -> {
          boolean serves = connector.isRunning() && !connector.isShutdown();
          response.setStatus(serves ? 200 : 503);
          body = (serves ? "ok\n" : "stopping\n").getBytes(StandardCharsets.US_ASCII);
        }
        default -> {
          response.setStatus(404);
          body = "/metrics and /health are here\n".getBytes(StandardCharsets.US_ASCII);
        }
      }
      response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
      response.write(true, ByteBuffer.wrap(body), callback);
      return true;
    }
  }
}
