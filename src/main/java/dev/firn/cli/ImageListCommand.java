package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code firn image list}. */
@Command(
    name = "list",
    description = {"List one's images and those that are shared, oldest first."},
    footer = {"Example:", "  firn image list"})
final class ImageListCommand extends AccountClientCommand {
  @Override
  void run(Session session) throws IOException {
    JsonNode images = session.call("ReadImages", ApiClient.parameters()).get("images");
    if (session.printedAsJson(images)) {
      return;
    }
    Table table = new Table("ID", "NAME", "ACCOUNT", "STATE", " DISKS", "CREATED");
    for (JsonNode image : images) {
      table.row(
          Text.of(image, "id"),
          Text.of(image, "name"),
          Text.of(image, "accountId"),
          Text.of(image, "state"),
          Integer.toString(image.path("mappings").size()),
          Text.time(image, "createdAt"));
    }
    table.print(session.output());
  }
}
