package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code firn gc}. */
@Command(
    name = "gc",
    description = {
      "Give the space of deleted files, snapshots and volumes back to the disk now.",
      "It happens by itself soon after deletions."
    },
    footer = {"Example:", "  firn gc --dry-run"})
final class GcCommand extends ClientCommand {
  @Option(names = "--dry-run", description = "Only tell how much it would be.")
  private boolean dryRun;

  @Override
  void run(Session session) throws IOException {
    JsonNode report = session.call("Reclaim", ApiClient.parameters().put("dryRun", dryRun));
    if (session.printedAsJson(report)) {
      return;
    }
    session
        .output()
        .printf(
            "%s %s, %s whole segments among them; %s segments stay%n",
            dryRun ? "would give back" : "gave back",
            Text.size(report, "freedBytes"),
            Text.of(report, "freedSegments"),
            Text.of(report, "segments"));
  }
}
