package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn tag remove}. */
@Command(
    name = "remove",
    description = "Remove tags of a volume or snapshot; with a value only where that is the tag's.",
    footer = {"Example:", "  firn tag remove data@first stage keep=yes"})
final class TagRemoveCommand extends AccountClientCommand {
  @Parameters(
      index = "0",
      paramLabel = "RESOURCE",
      description = "A volume or a snapshot: an id, a name, VOLUME@NAME.")
  private String resource;

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "KEY[=VALUE]", description = "Tags.")
  private List<String> tags;

  @Override
  void run(Session session) throws IOException {
    ObjectNode parameters = ApiClient.parameters();
    parameters.putArray("resources").add(resource);
    ObjectNode meant = parameters.putObject("tags");
    for (String tag : tags) {
      int equals = tag.indexOf('=');
      meant.put(
          equals < 0 ? tag : tag.substring(0, equals),
          equals < 0 ? null : tag.substring(equals + 1));
    }
    JsonNode done = session.call("RemoveTags", parameters);
    session.printedAsJson(done);
  }
}
