package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code firn account list}. */
@Command(
    name = "list",
    description = "List the accounts; the first is the home's owner.",
    footer = {"Example:", "  firn account list"})
final class AccountListCommand extends ClientCommand {
  @Override
  void run(Session session) throws IOException {
    JsonNode accounts = session.call("ReadAccounts", ApiClient.parameters()).get("accounts");
    if (session.printedAsJson(accounts)) {
      return;
    }
    Table table = new Table("ID", "NAME", "CREATED");
    for (JsonNode account : accounts) {
      table.row(Text.of(account, "id"), Text.of(account, "name"), Text.time(account, "createdAt"));
    }
    table.print(session.output());
  }
}
