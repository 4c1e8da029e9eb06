package dev.firn.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** The properties of one thing, one a line, for people. */
final class Fields {
  private final List<String[]> fields = new ArrayList<>();

  /** Adds a property; one without a value is left out. */
  void add(String name, String value) {
    if (value != null && !value.isEmpty()) {
      fields.add(new String[] {name, value});
    }
  }

  void print(PrintStream output) {
    int width = fields.stream().mapToInt(field -> field[0].length()).max().orElse(0);
    for (String[] field : fields) {
      output.println(field[0] + ":" + " ".repeat(width - field[0].length() + 2) + field[1]);
    }
  }
}
