package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code firn key list}. */
@Command(
    name = "list",
    description = "List the access keys of an account, without their secrets.",
    footer = {"Example:", "  firn key list --account 123456789012"})
final class KeyListCommand extends AccountClientCommand {
  @Override
  void run(Session session) throws IOException {
    JsonNode keys = session.call("ReadAccessKeys", ApiClient.parameters()).get("keys");
    if (session.printedAsJson(keys)) {
      return;
    }
    Table table = new Table("ID", "STATE", "TAG", "CREATED", "EXPIRES");
    for (JsonNode key : keys) {
      table.row(
          Text.of(key, "id"),
          Text.of(key, "state"),
          Text.of(key, "tag"),
          Text.time(key, "createdAt"),
          Text.time(key, "expiresAt"));
    }
    table.print(session.output());
  }
}
