package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn volume delete}. */
@Command(
    name = "delete",
    description = "Delete a volume that is not mounted; its snapshots stay.",
    footer = {"Example:", "  firn volume delete data"})
final class VolumeDeleteCommand extends AccountClientCommand {
  @Parameters(paramLabel = "VOLUME", description = "An id or a name.")
  private String volume;

  @Override
  void run(Session session) throws IOException {
    JsonNode deleted = session.call("DeleteVolume", ApiClient.parameters().put("volume", volume));
    session.printedAsJson(deleted);
  }
}
