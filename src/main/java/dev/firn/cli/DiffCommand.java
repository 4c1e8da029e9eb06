package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.io.PrintStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn diff}. */
@Command(
    name = "diff",
    description = {
      "List the paths that differ between a snapshot and a later one, or a volume of now.",
      "A: added, D: deleted, M: modified, R: renamed (old -> new)."
    },
    footer = {"Example:", "  firn diff data@first data@last", "  firn diff data@first data"})
final class DiffCommand extends AccountClientCommand {
  @Parameters(
      index = "0",
      paramLabel = "SNAPSHOT",
      description = "An id, a name, VOLUME@NAME, VOLUME@last or VOLUME@-2.")
  private String from;

  @Parameters(index = "1", paramLabel = "SNAPSHOT|VOLUME", description = "The other side.")
  private String to;

  @Override
  void run(Session session) throws IOException {
    ItemPrinter printer =
        session.json() ? ItemPrinter.json(session.output()) : new LinePrinter(session.output());
    session.work("ReadDiff", ApiClient.parameters().put("from", from).put("to", to), printer);
    printer.end();
  }

  private static final class LinePrinter extends ItemPrinter {
    LinePrinter(PrintStream output) {
      super(output);
    }

    @Override
    public void item(JsonNode change) throws IOException {
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
