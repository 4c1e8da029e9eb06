package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.PrintStream;

/** Prints the elements of a long result as they come, because there may be millions. */
abstract class ItemPrinter implements ApiClient.Listener {
  final PrintStream output;

  ItemPrinter(PrintStream output) {
    this.output = output;
  }

  /** After the last one. */
  void end() {}

  /** One array, one element a line. */
  static ItemPrinter json(PrintStream output) {
    return new ItemPrinter(output) {
      private boolean any;

      @Override
      public void item(JsonNode item) {
        output.print(any ? ",\n " : "[ ");
        output.print(item);
        any = true;
      }

      @Override
      void end() {
        output.println(any ? " ]" : "[ ]");
      }
    };
  }
}
