package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code firn quota show}. */
@Command(
    name = "show",
    description = "Show how much an account may have, and how much it has.",
    footer = {"Example:", "  firn quota show --account 123456789012"})
final class QuotaShowCommand extends AccountClientCommand {
  @Override
  void run(Session session) throws IOException {
    JsonNode quotas = session.call("ReadQuotas", ApiClient.parameters()).get("quotas");
    if (session.printedAsJson(quotas)) {
      return;
    }
    Table table = new Table("QUOTA", " MAX", " USED");
    for (JsonNode quota : quotas) {
      long maxValue = quota.path("maxValue").asLong();
      table.row(
          Text.of(quota, "quota"),
          maxValue == 0 ? "no limit" : Long.toString(maxValue),
          Text.of(quota, "usedValue"));
    }
    table.print(session.output());
  }
}
