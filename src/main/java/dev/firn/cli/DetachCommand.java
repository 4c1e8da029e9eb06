package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn detach}. */
@Command(
    name = "detach",
    description = {
      "Write everything out, and take the device of a block volume away.",
      "What 'firn attach --at' mounted is unmounted before."
    },
    footer = {"Example:", "  firn detach db", "  firn detach /dev/loop0"})
final class DetachCommand extends ClientCommand {
  @Parameters(paramLabel = "VOLUME|DEVICE", description = "A volume, or the device it is.")
  private String target;

  @Override
  void run(Session session) throws IOException {
    JsonNode nothing = session.call("DetachVolume", ApiClient.parameters().put("target", target));
    session.printedAsJson(nothing);
  }
}
