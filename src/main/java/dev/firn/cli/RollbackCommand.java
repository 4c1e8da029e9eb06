package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn rollback}. */
@Command(
    name = "rollback",
    description = {
      "Make an unmounted volume what it was when a snapshot was taken.",
      "What it is now is kept as a snapshot, whose id is printed."
    },
    footer = {"Example:", "  firn rollback data data@first"})
final class RollbackCommand extends AccountClientCommand {
  @Parameters(index = "0", paramLabel = "VOLUME", description = "An id or a name.")
  private String volume;

  @Parameters(
      index = "1",
      paramLabel = "SNAPSHOT",
      description = "An id, a name, VOLUME@NAME, VOLUME@last or VOLUME@-2.")
  private String snapshot;

  @Override
  void run(Session session) throws IOException {
    JsonNode kept =
        session.call(
            "RollbackVolume",
            ApiClient.parameters().put("volume", volume).put("snapshot", snapshot));
    if (!session.printedAsJson(kept)) {
      session.output().println(Text.of(kept, "id"));
    }
  }
}
