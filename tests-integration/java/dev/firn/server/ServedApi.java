package dev.firn.server;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.cli.FirnCommand;
import io.github.outscale.osc_sdk_java.client.ApiClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.OkHttpClient;

/** A home whose API {@code firn serve} serves over TCP, and official clients of it. */
final class ServedApi implements AutoCloseable {
  private static final int SECONDS_MAX = 60;

  /** Connections are what many clients have in common. */
  private final OkHttpClient http;

  final FirnCommand firn;
  final Path links;
  final String region;
  private Process serve;
  String url;

  ServedApi(Path directory, int clients) throws IOException {
    this(directory, clients, "local-1");
  }

  ServedApi(Path directory, int clients, String region) throws IOException {
    this.region = region;
    firn = new FirnCommand(directory);
    links = directory.resolve("links");
    if (!Files.exists(firn.home())) {
      firn.run("init", "--region", region, "--subregion", region + "a").succeeded();
    }
    firn.run("daemon", "start").succeeded();
    serve();
    Dispatcher dispatcher = new Dispatcher();
    dispatcher.setMaxRequests(clients);
    dispatcher.setMaxRequestsPerHost(clients);
    http =
        new OkHttpClient.Builder()
            .dispatcher(dispatcher)
            .connectionPool(new ConnectionPool(clients, 1, TimeUnit.MINUTES))
            .readTimeout(SECONDS_MAX, TimeUnit.SECONDS)
            .build();
  }

  /** Begins to serve, at another address than before. */
  void serve() throws IOException {
    serve = firn.start("serve", "--listen", "127.0.0.1:0", "--link-directory", links);
    BufferedReader output =
        new BufferedReader(new InputStreamReader(serve.getInputStream(), StandardCharsets.UTF_8));
    url = output.readLine();
    assertTrue(url != null && url.startsWith("http://127.0.0.1:"), url);
  }

  /** Makes an account; answers its id. */
  String account(String name) {
    return firn.run("account", "create", name).line();
  }

  /** A client with an access key of its own. */
  ApiClient client(String account) {
    JsonNode key = firn.run("key", "create", "--account", account, "--json").json();
    ApiClient client = new ApiClient(http);
    client.setBasePath(url);
    client.setAWS4Configuration(
        key.get("AccessKeyId").asText(), key.get("SecretKey").asText(), region, "api");
    return client;
  }

  /** Interrupts {@code firn serve}, and waits for its end. */
  void stopServing() {
    serve.destroy();
    try {
      assertTrue(serve.waitFor(SECONDS_MAX, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      http.connectionPool().evictAll();
      http.dispatcher().executorService().shutdown();
      stopServing();
    } finally {
      firn.close();
    }
  }
}
