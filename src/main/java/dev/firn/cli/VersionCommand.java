package dev.firn.cli;

import dev.firn.daemon.Version;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code firn version}. */
@Command(
    name = "version",
    description = "Print the versions of Firn and of Java.",
    footer = {"Example:", "  firn version --json"})
final class VersionCommand extends ClientCommand {
  @Override
  void run(Session session) throws IOException {
    String java = System.getProperty("java.version");
    if (!session.printedAsJson(
        ApiClient.parameters().put("version", Version.text()).put("java", java))) {
      session.output().printf("firn %s (Java %s)%n", Version.text(), java);
    }
  }
}
