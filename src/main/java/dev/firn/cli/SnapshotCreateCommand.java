package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code firn snapshot create}. */
@Command(
    name = "create",
    description = "Freeze a volume as it is now, and print the snapshot's id.",
    footer = {"Example:", "  firn snapshot create data --name first --tag reason=upgrade"})
final class SnapshotCreateCommand extends AccountClientCommand {
  @Parameters(paramLabel = "VOLUME", description = "An id or a name.")
  private String volume;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "A name no other snapshot of the volume has.")
  private String name;

  @Option(names = "--description", paramLabel = "TEXT", description = "Free text.")
  private String description;

  @Option(names = "--tag", paramLabel = "KEY=VALUE", description = "A tag; may be repeated.")
  private Map<String, String> tags = Map.of();

  @Option(names = "--no-wait", description = "Return once the request is safe, not the snapshot.")
  private boolean noWait;

  @Override
  void run(Session session) throws IOException {
    ObjectNode parameters =
        ApiClient.parameters()
            .put("volume", volume)
            .put("name", name)
            .put("description", description)
            .put("noWait", noWait);
    tags.forEach(parameters.putObject("tags")::put);
    JsonNode snapshot = session.call("CreateSnapshot", parameters);
    if (!session.printedAsJson(snapshot)) {
      session.output().println(Text.of(snapshot, "id"));
    }
  }
}
