package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn snapshot space}. */
@Command(
    name = "space",
    description = {
      "Tell how much of the disk snapshots hold, and what comes back when all of these are deleted.",
      "FILES: the files' bytes. STORED: what these take on the disk, compressed, with metadata.",
      "EXCLUSIVE: what of it nothing else needs, so that deleting this snapshot alone frees it."
    },
    footer = {"Example:", "  firn snapshot space data@first data@-2"})
final class SnapshotSpaceCommand extends AccountClientCommand {
  @Parameters(
      paramLabel = "SNAPSHOT",
      arity = "1..*",
      description = "An id, a name, VOLUME@NAME, VOLUME@last or VOLUME@-2.")
  private List<String> snapshots;

  @Override
  void run(Session session) throws IOException {
    ObjectNode parameters = ApiClient.parameters();
    snapshots.forEach(parameters.putArray("snapshots")::add);
    JsonNode space = session.call("ReadSnapshotSpace", parameters);
    if (session.printedAsJson(space)) {
      return;
    }
    Table table = new Table("ID", "NAME", "VOLUME", " FILES", " STORED", " SHARED", " EXCLUSIVE");
    for (JsonNode each : space.get("snapshots")) {
      table.row(
          Text.of(each, "id"),
          Text.of(each, "name"),
          Text.of(each, "volumeName"),
          Text.size(each, "logicalBytes"),
          Text.size(each, "storedBytes"),
          Text.size(each, "sharedBytes"),
          Text.size(each, "exclusiveBytes"));
    }
    table.print(session.output());
    session
        .output()
        .printf(
            "deleting %s frees %s%n",
            space.get("snapshots").size() == 1 ? "it" : "all of them",
            Text.size(space, "freedBytes"));
  }
}
