package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.bucket.BucketAddress;
import dev.firn.daemon.HomePaths;
import dev.firn.server.ApiClient;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.Map;

/**
 * What one command works with: the home, its daemon, and where to print. The daemon is started by
 * the first call that needs it. For one thread.
 */
final class Session {
  private final Path home;
  private final boolean json;
  private final PrintStream output;
  private final PrintStream errors;
  private final Map<String, String> environment;
  private final ApiClient client;
  private boolean served;

  Session(
      Path home,
      boolean json,
      boolean debug,
      String account,
      PrintStream output,
      PrintStream errors,
      Map<String, String> environment) {
    this.home = home;
    this.json = json;
    this.output = output;
    this.errors = errors;
    this.environment = environment;
    client =
        new ApiClient(
            HomePaths.socket(home), debug, account == null || account.isEmpty() ? null : account);
  }

  Path home() {
    return home;
  }

  boolean json() {
    return json;
  }

  PrintStream output() {
    return output;
  }

  PrintStream errors() {
    return errors;
  }

  /** The daemon's API, whether it runs or not. */
  ApiClient client() {
    return client;
  }

  DaemonStarter starter() {
    return new DaemonStarter(home, client, environment);
  }

  JsonNode call(String action, ObjectNode parameters) throws IOException {
    return reached(action, () -> client.call(action, parameters));
  }

  JsonNode work(String action, ObjectNode parameters, ApiClient.Listener listener)
      throws IOException {
    return reached(action, () -> client.work(action, parameters, listener));
  }

  JsonNode download(String action, ObjectNode parameters, OutputStream target) throws IOException {
    return reached(action, () -> client.download(action, parameters, target));
  }

  JsonNode upload(
      String action, ObjectNode parameters, InputStream source, ApiClient.Listener listener)
      throws IOException {
    return reached(action, () -> client.upload(action, parameters, source, listener));
  }

  /** Prints {@code value} if JSON was asked for; whether it did. */
  boolean printedAsJson(JsonNode value) throws IOException {
    if (json) {
      ApiClient.write(value, output);
    }
    return json;
  }

  /** Prints the id of what was made, or all of it as JSON. */
  void printId(JsonNode made) throws IOException {
    if (!printedAsJson(made)) {
      output.println(Text.of(made, "id"));
    }
  }

  /**
   * The bucket service that is meant, and the key to it.
   *
   * @param endpoint null: as the environment says
   */
  BucketAddress bucketAddress(String endpoint) {
    return BucketEnvironment.address(environment, endpoint);
  }

  private interface Call {
    JsonNode run() throws IOException;
  }

  private JsonNode reached(String action, Call call) throws IOException {
    if (!served) {
      starter().ensureRunning();
      served = true;
    }
    try {
      return call.run();
    } catch (EOFException | SocketException e) {
      throw new FirnException(
          ErrorKind.FAILED,
          String.format(
              "the daemon of home '%s' went away during %s; '%s' tells why",
              home, action, HomePaths.log(home).resolve("daemon.log")),
          e);
    }
  }
}
