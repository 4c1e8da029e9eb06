package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn volume resize}. */
@Command(
    name = "resize",
    description = "Grow a volume, mounted or not.",
    footer = {"Example:", "  firn volume resize data 8G"})
final class VolumeResizeCommand extends AccountClientCommand {
  @Parameters(index = "0", paramLabel = "VOLUME", description = "An id or a name.")
  private String volume;

  @Parameters(
      index = "1",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      description = "The new size, such as 8G.")
  private long sizeBytes;

  @Override
  void run(Session session) throws IOException {
    JsonNode resized =
        session.call(
            "ResizeVolume",
            ApiClient.parameters().put("volume", volume).put("sizeBytes", sizeBytes));
    session.printedAsJson(resized);
  }
}
