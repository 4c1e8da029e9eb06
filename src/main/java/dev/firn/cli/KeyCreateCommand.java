package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code firn key create}. */
@Command(
    name = "create",
    description = {
      "Make an access key, and print it and its secret, each in a line.",
      "The secret is told this once."
    },
    footer = {"Example:", "  firn key create --account 123456789012 --json"})
final class KeyCreateCommand extends AccountClientCommand {
  @Override
  void run(Session session) throws IOException {
    JsonNode key = session.call("CreateAccessKey", ApiClient.parameters());
    if (!session.printedAsJson(key)) {
      session.output().println(Text.of(key, "AccessKeyId"));
      session.output().println(Text.of(key, "SecretKey"));
    }
  }
}
