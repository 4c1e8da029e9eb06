package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn image show}. */
@Command(
    name = "show",
    description = {"Show an image."},
    footer = {"Example:", "  firn image show ami-0123abcd"})
final class ImageShowCommand extends AccountClientCommand {
  @Parameters(paramLabel = "IMAGE", description = "An image's id.")
  private String image;

  @Override
  void run(Session session) throws IOException {
    JsonNode shown = session.call("ReadImage", ApiClient.parameters().put("image", image));
    if (session.printedAsJson(shown)) {
      return;
    }
    Fields fields = new Fields();
    fields.add("Id", Text.of(shown, "id"));
    fields.add("Name", Text.of(shown, "name"));
    fields.add("Account", Text.of(shown, "accountId"));
    fields.add("State", Text.of(shown, "state"));
    fields.add("Architecture", Text.of(shown, "architecture"));
    for (JsonNode disk : shown.path("mappings")) {
      fields.add(Text.of(disk, "deviceName"), Text.of(disk, "snapshotId"));
    }
    fields.add("Product codes", Text.list(shown, "productCodes"));
    fields.add("Description", Text.of(shown, "description"));
    fields.add("Tags", Text.map(shown, "tags"));
    fields.add("Created", Text.time(shown, "createdAt"));
    fields.print(session.output());
  }
}
