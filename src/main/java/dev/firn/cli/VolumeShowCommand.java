package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn volume show}. */
@Command(
    name = "show",
    description = "Show a volume.",
    footer = {"Example:", "  firn volume show data"})
final class VolumeShowCommand extends AccountClientCommand {
  @Parameters(paramLabel = "VOLUME", description = "An id or a name.")
  private String volume;

  @Override
  void run(Session session) throws IOException {
    JsonNode shown = session.call("ReadVolume", ApiClient.parameters().put("volume", volume));
    if (session.printedAsJson(shown)) {
      return;
    }
    Fields fields = new Fields();
    fields.add("Id", Text.of(shown, "id"));
    fields.add("Name", Text.of(shown, "name"));
    fields.add("Account", Text.of(shown, "accountId"));
    fields.add("Kind", Text.of(shown, "kind"));
    fields.add("Size", Text.size(shown, "sizeBytes"));
    fields.add("State", Text.of(shown, "state"));
    fields.add("Compression", Text.of(shown, "compression"));
    fields.add("Subregion", Text.of(shown, "subregion"));
    fields.add("Made from", Text.of(shown, "sourceSnapshotId"));
    fields.add("Tags", Text.map(shown, "tags"));
    fields.add("Created", Text.time(shown, "createdAt"));
    fields.add("Mounted at", Text.list(shown, "mountedAt"));
    fields.add("Attached as", Text.of(shown, "device"));
    fields.add("Problem", Text.of(shown, "problem"));
    fields.print(session.output());
  }
}
