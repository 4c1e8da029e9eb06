package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn volume rename}. */
@Command(
    name = "rename",
    description = "Give a volume another name.",
    footer = {"Example:", "  firn volume rename data archive"})
final class VolumeRenameCommand extends AccountClientCommand {
  @Parameters(index = "0", paramLabel = "VOLUME", description = "An id or a name.")
  private String volume;

  @Parameters(index = "1", paramLabel = "NAME", description = "A name no other volume has.")
  private String name;

  @Override
  void run(Session session) throws IOException {
    JsonNode renamed =
        session.call(
            "RenameVolume", ApiClient.parameters().put("volume", volume).put("name", name));
    session.printedAsJson(renamed);
  }
}
