package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code firn snapshot list}. */
@Command(
    name = "list",
    description = "List the snapshots, oldest first.",
    footer = {"Example:", "  firn snapshot list --volume data"})
final class SnapshotListCommand extends AccountClientCommand {
  @Option(names = "--volume", paramLabel = "VOLUME", description = "Only those of this volume.")
  private String volume;

  @Override
  void run(Session session) throws IOException {
    JsonNode snapshots =
        session
            .call("ReadSnapshots", ApiClient.parameters().put("volume", volume))
            .get("snapshots");
    if (session.printedAsJson(snapshots)) {
      return;
    }
    Table table = new Table("ID", "NAME", "VOLUME", " SIZE", "STATE", "CREATED", "MOUNTED AT");
    for (JsonNode snapshot : snapshots) {
      table.row(
          Text.of(snapshot, "id"),
          Text.of(snapshot, "name"),
          Text.of(snapshot, "volumeName"),
          Text.size(snapshot, "sizeBytes"),
          state(snapshot),
          Text.time(snapshot, "createdAt"),
          Text.list(snapshot, "mountedAt"));
    }
    table.print(session.output());
  }

  private static String state(JsonNode snapshot) {
    String waitsFor = Text.list(snapshot, "waitsFor");
    String state = Text.of(snapshot, "state");
    return waitsFor == null ? state : state + ", waits for " + waitsFor;
  }
}
