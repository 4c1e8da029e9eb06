package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn tag set}. */
@Command(
    name = "set",
    description = "Set tags of a volume or snapshot; one that is there gets the new value.",
    footer = {"Example:", "  firn tag set data@first stage=test keep=yes"})
final class TagSetCommand extends AccountClientCommand {
  @Parameters(
      index = "0",
      paramLabel = "RESOURCE",
      description = "A volume or a snapshot: an id, a name, VOLUME@NAME.")
  private String resource;

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "KEY=VALUE", description = "Tags.")
  private Map<String, String> tags;

  @Override
  void run(Session session) throws IOException {
    ObjectNode parameters = ApiClient.parameters();
    parameters.putArray("resources").add(resource);
    tags.forEach(parameters.putObject("tags")::put);
    JsonNode done = session.call("SetTags", parameters);
    session.printedAsJson(done);
  }
}
