package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn snapshot delete}. */
@Command(
    name = "delete",
    description = {
      "Delete snapshots: all of them or, when one is wrong, none.",
      "One that is being read goes when its last reader has left."
    },
    footer = {"Example:", "  firn snapshot delete data@first data@-2"})
final class SnapshotDeleteCommand extends AccountClientCommand {
  @Parameters(
      paramLabel = "SNAPSHOT",
      arity = "1..*",
      description = "An id, a name, VOLUME@NAME, VOLUME@last or VOLUME@-2.")
  private List<String> snapshots;

  @Override
  void run(Session session) throws IOException {
    ObjectNode parameters = ApiClient.parameters();
    snapshots.forEach(parameters.putArray("snapshots")::add);
    JsonNode deleted = session.call("DeleteSnapshots", parameters).get("snapshots");
    if (session.printedAsJson(deleted)) {
      return;
    }
    for (JsonNode snapshot : deleted) {
      if (Text.list(snapshot, "waitsFor") != null) {
        session
            .output()
            .printf(
                "%s is deleted as soon as it is not read any more by: %s%n",
                Text.of(snapshot, "id"), Text.list(snapshot, "waitsFor"));
      }
    }
  }
}
