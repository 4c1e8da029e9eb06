package dev.firn.cli;

import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code firn image import}. */
@Command(
    name = "import",
    description = {
      "Make an image of one that was exported to a bucket, and print its id.",
      "It is pending until its snapshots are fetched; 'firn image show' tells."
    },
    footer = {
      "Example:",
      "  firn image import 'https://s3.example.org/bucket/ami-0123abcd.json?...'"
    })
final class ImageImportCommand extends AccountClientCommand {
  @Parameters(
      paramLabel = "URL",
      description = "Of the manifest: the pre-signed one that its owner gave.")
  private String location;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "The image's (default: as the manifest says).")
  private String name;

  @Override
  void run(Session session) throws IOException {
    session.printId(
        session.call(
            "ImportImage", ApiClient.parameters().put("location", location).put("name", name)));
  }
}
