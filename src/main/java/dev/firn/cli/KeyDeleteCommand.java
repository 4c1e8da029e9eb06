package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn key delete}. */
@Command(
    name = "delete",
    description = "Delete an access key; requests signed with it are refused from then on.",
    footer = {"Example:", "  firn key delete ABCDEFGHIJ0123456789 --account 123456789012"})
final class KeyDeleteCommand extends AccountClientCommand {
  @Parameters(paramLabel = "KEY", description = "The key's id.")
  private String key;

  @Override
  void run(Session session) throws IOException {
    JsonNode deleted = session.call("DeleteAccessKey", ApiClient.parameters().put("key", key));
    session.printedAsJson(deleted);
  }
}
