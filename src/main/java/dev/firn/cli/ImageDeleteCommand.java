package dev.firn.cli;

import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn image delete}. */
@Command(
    name = "delete",
    description = {"Delete an image; its snapshots stay."},
    footer = {"Example:", "  firn image delete ami-0123abcd"})
final class ImageDeleteCommand extends AccountClientCommand {
  @Parameters(paramLabel = "IMAGE", description = "An image's id.")
  private String image;

  @Override
  void run(Session session) throws IOException {
    session.printedAsJson(session.call("DeleteImage", ApiClient.parameters().put("image", image)));
  }
}
