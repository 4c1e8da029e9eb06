package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code firn volume list}. */
@Command(
    name = "list",
    description = "List the volumes, oldest first.",
    footer = {"Example:", "  firn volume list"})
final class VolumeListCommand extends AccountClientCommand {
  @Override
  void run(Session session) throws IOException {
    JsonNode volumes = session.call("ReadVolumes", ApiClient.parameters()).get("volumes");
    if (session.printedAsJson(volumes)) {
      return;
    }
    Table table = new Table("ID", "NAME", "KIND", " SIZE", "STATE", "CREATED", "MOUNTED AT");
    for (JsonNode volume : volumes) {
      table.row(
          Text.of(volume, "id"),
          Text.of(volume, "name"),
          Text.of(volume, "kind"),
          Text.size(volume, "sizeBytes"),
          Text.of(volume, "state"),
          Text.time(volume, "createdAt"),
          Text.list(volume, "mountedAt"));
    }
    table.print(session.output());
  }
}
