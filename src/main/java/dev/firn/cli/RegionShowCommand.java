package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code firn region show}. */
@Command(
    name = "show",
    description = "Show the Region's name, its Subregions and its home.",
    footer = {"Example:", "  firn region show --json"})
final class RegionShowCommand extends ClientCommand {
  @Override
  void run(Session session) throws IOException {
    JsonNode region = session.call("ReadRegion", ApiClient.parameters());
    if (session.printedAsJson(region)) {
      return;
    }
    Fields fields = new Fields();
    fields.add("Region", Text.of(region, "name"));
    fields.add("Subregions", Text.list(region, "subregions"));
    fields.add("Home", Text.of(region, "home"));
    fields.print(session.output());
  }
}
