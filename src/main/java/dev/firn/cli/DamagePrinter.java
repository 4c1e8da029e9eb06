package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.io.PrintStream;

/** Prints what a verification finds, a line each, and shows how far it is. */
final class DamagePrinter extends ItemPrinter {
  private DamagePrinter(PrintStream output) {
    super(output);
  }

  /** Runs an action that finds damage; answers its result. */
  static JsonNode work(Session session, String title, String action, ObjectNode parameters)
      throws IOException {
    ItemPrinter printer =
        session.json() ? ItemPrinter.json(session.output()) : new DamagePrinter(session.output());
    JsonNode result;
    try (ProgressDisplay progress = new ProgressDisplay(title)) {
      result = session.work(action, parameters, new Both(printer, progress));
    }
    printer.end();
    return result;
  }

  private record Both(ItemPrinter items, ProgressDisplay progress) implements ApiClient.Listener {
    @Override
    public void progress(long done, long total, String unit) {
      progress.progress(done, total, unit);
    }

    @Override
    public void item(JsonNode item) throws IOException {
      items.item(item);
    }
  }

  @Override
  public void item(JsonNode damage) throws IOException {
    output.print(Text.of(damage, "volume"));
    if (damage.hasNonNull("snapshot")) {
      output.print("@" + Text.of(damage, "snapshot"));
    }
    if (damage.has("path") || damage.has("pathBase64")) {
      output.print(" ");
      output.write(PathText.quoted(Text.path(damage, "path")));
    }
    if (damage.path("lengthBytes").asLong() > 0) {
      output.printf(
          " %s bytes from %s on", Text.of(damage, "lengthBytes"), Text.of(damage, "offset"));
    }
    output.println(": " + Text.of(damage, "problem"));
  }
}
