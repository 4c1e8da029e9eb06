package dev.firn.cli;

import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code firn image copy}. */
@Command(
    name = "copy",
    description = {"Copy an image, one's own or one that is shared, and print the copy's id."},
    footer = {"Example:", "  firn image copy ami-0123abcd --account 123456789012"})
final class ImageCopyCommand extends AccountClientCommand {
  @Parameters(paramLabel = "IMAGE", description = "An image's id.")
  private String image;

  @Option(names = "--name", paramLabel = "NAME", description = "The copy's (default: the same).")
  private String name;

  @Override
  void run(Session session) throws IOException {
    session.printId(
        session.call("CopyImage", ApiClient.parameters().put("image", image).put("name", name)));
  }
}
