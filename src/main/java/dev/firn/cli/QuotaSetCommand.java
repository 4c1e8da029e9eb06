package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn quota set}. */
@Command(
    name = "set",
    description = {
      "Limit what an account may have from now on; what it has already stays.",
      "Quotas: snapshots, concurrent_snapshots, volumes, volume_gib, tags."
    },
    footer = {"Example:", "  firn quota set snapshots 100 --account 123456789012"})
final class QuotaSetCommand extends AccountClientCommand {
  @Parameters(index = "0", paramLabel = "QUOTA", description = "Which.")
  private String quota;

  @Parameters(index = "1", paramLabel = "NUMBER", description = "How much; 0 means no limit.")
  private long maxValue;

  @Override
  void run(Session session) throws IOException {
    JsonNode quotas =
        session.call(
            "SetQuota", ApiClient.parameters().put("quota", quota).put("maxValue", maxValue));
    session.printedAsJson(quotas.get("quotas"));
  }
}
