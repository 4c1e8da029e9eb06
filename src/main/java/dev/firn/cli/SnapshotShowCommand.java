package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn snapshot show}. */
@Command(
    name = "show",
    description = "Show a snapshot.",
    footer = {"Example:", "  firn snapshot show data@first"})
final class SnapshotShowCommand extends AccountClientCommand {
  @Parameters(
      paramLabel = "SNAPSHOT",
      description = "An id, a name, VOLUME@NAME, VOLUME@last or VOLUME@-2.")
  private String snapshot;

  @Override
  void run(Session session) throws IOException {
    JsonNode shown = session.call("ReadSnapshot", ApiClient.parameters().put("snapshot", snapshot));
    if (session.printedAsJson(shown)) {
      return;
    }
    Fields fields = new Fields();
    fields.add("Id", Text.of(shown, "id"));
    fields.add("Name", Text.of(shown, "name"));
    fields.add("Account", Text.of(shown, "accountId"));
    fields.add("Volume", Text.of(shown, "volumeName"));
    fields.add("Volume id", Text.of(shown, "volumeId"));
    fields.add("Kind", Text.of(shown, "kind"));
    fields.add("Volume size", Text.size(shown, "sizeBytes"));
    fields.add("State", Text.of(shown, "state"));
    fields.add("Waits for", Text.list(shown, "waitsFor"));
    fields.add("Failure", Text.of(shown, "failure"));
    fields.add("Progress", Text.of(shown, "progress") + " %");
    fields.add("Description", Text.of(shown, "description"));
    fields.add("Tags", Text.map(shown, "tags"));
    fields.add("Created", Text.time(shown, "createdAt"));
    fields.add("Mounted at", Text.list(shown, "mountedAt"));
    fields.print(session.output());
  }
}
