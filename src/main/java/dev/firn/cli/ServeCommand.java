package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.FirnException;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code firn serve}. */
@Command(
    name = "serve",
    description = {
      "Serve the Region's HTTP API until interrupted; prints its URL when it serves.",
      "OUTSCALE's clients can use it with access keys that 'firn key create' makes.",
      "Beyond this machine it is served with TLS only, unless told --insecure."
    },
    footer = {
      "Example:",
      "  firn serve --listen 127.0.0.1:8080 --metrics 127.0.0.1:9090",
      "  firn serve --listen 0.0.0.0:443 --tls-keystore api.p12 --tls-password-file password"
    })
final class ServeCommand extends ClientCommand {
  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:8080",
      description = "Where (default: ${DEFAULT-VALUE}); port 0 takes a free one.")
  private String listen;

  @Option(
      names = "--metrics",
      paramLabel = "HOST:PORT",
      description = "Tell /metrics (for Prometheus) and /health there, without any key.")
  private String metrics;

  @Option(
      names = "--tls-keystore",
      paramLabel = "FILE",
      description = "PKCS#12 or JKS with the server's certificate and its key.")
  private Path keyStore;

  @Option(
      names = "--tls-password-file",
      paramLabel = "FILE",
      description = "A file whose first line is the key store's password.")
  private Path passwordFile;

  @Option(names = "--insecure", description = "Serve other machines without TLS, too.")
  private boolean insecure;

  @Option(
      names = "--link-directory",
      paramLabel = "DIR",
      description = "Where linked volumes are mounted (default: the home's name with -volumes).")
  private Path linkDirectory;

  @Override
  void run(Session session) throws IOException {
    if ((keyStore == null) != (passwordFile == null)) {
      throw FirnException.usage("give both --tls-keystore and --tls-password-file, or neither");
    }
    ObjectNode parameters =
        ApiClient.parameters()
            .put("listen", listen)
            .put("metrics", metrics)
            .put("keyStore", absolute(keyStore))
            .put("keyStorePassword", passwordFile == null ? null : firstLine(passwordFile))
            .put("insecure", insecure)
            .put("linkDirectory", absolute(linkDirectory));
    session.work(
        "Serve",
        parameters,
        new ApiClient.Listener() {
          @Override
          public void item(JsonNode served) throws IOException {
            if (!session.printedAsJson(served)) {
              session.output().println(Text.of(served, "url"));
            }
            session.output().flush();
          }
        });
  }

  /** The daemon runs in another directory. */
  private static String absolute(Path path) {
    return path == null ? null : path.toAbsolutePath().normalize().toString();
  }

  private static String firstLine(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.UTF_8).lines().findFirst().orElse("");
  }
}
