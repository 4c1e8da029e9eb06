package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.io.PrintStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code firn diff}. */
@Command(
    name = "diff",
    description = {
      "List the paths that differ between a snapshot and a later one, or a volume of now.",
      "A: added, D: deleted, M: modified, R: renamed (old -> new)."
    },
    footer = {
      "Example:",
      "  firn diff data@first data@last",
      "  firn diff data@first data",
      "  firn diff --blocks db@first db@last"
    })
final class DiffCommand extends AccountClientCommand {
  @Parameters(
      index = "0",
      paramLabel = "SNAPSHOT",
      description = "An id, a name, VOLUME@NAME, VOLUME@last or VOLUME@-2.")
  private String from;

  @Parameters(index = "1", paramLabel = "SNAPSHOT|VOLUME", description = "The other side.")
  private String to;

  @Option(
      names = "--blocks",
      description = {
        "Of block volumes: list the ranges of the disk that were written, as offset and length in",
        "bytes."
      })
  private boolean blocks;

  @Override
  void run(Session session) throws IOException {
    ItemPrinter printer =
        session.json() ? ItemPrinter.json(session.output()) : new LinePrinter(session.output());
    String action = blocks ? "ReadBlockDiff" : "ReadDiff";
    session.work(action, ApiClient.parameters().put("from", from).put("to", to), printer);
    printer.end();
  }

  private static final class LinePrinter extends ItemPrinter {
    LinePrinter(PrintStream output) {
      super(output);
    }

    @Override
    public void item(JsonNode change) throws IOException {
      if (change.has("offset")) {
        output.println(change.get("offset").asLong() + " " + change.get("length").asLong());
        return;
      }
      output.print(change.path("kind").asText() + " ");
      output.write(PathText.quoted(Text.path(change, "path")));
      if (change.has("newPath") || change.has("newPathBase64")) {
        output.print(" -> ");
        output.write(PathText.quoted(Text.path(change, "newPath")));
      }
      output.println();
    }
  }
}
