package dev.firn.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** Aligned columns for people. Columns whose heading starts with a blank are aligned right. */
final class Table {
  private static final String GAP = "  ";

  private final String[] headings;
  private final List<String[]> rows = new ArrayList<>();

  Table(String... headings) {
    this.headings = headings;
  }

  /** Adds a row of as many cells as there are headings; null shows as a dash. */
  void row(String... cells) {
    if (cells.length != headings.length) {
      throw new IllegalArgumentException("a row of " + cells.length + " cells");
    }
    String[] row = new String[cells.length];
    for (int i = 0; i < row.length; i++) {
      row[i] = cells[i] == null || cells[i].isEmpty() ? "-" : cells[i];
    }
    rows.add(row);
  }

  void print(PrintStream output) {
    String[] titles = new String[headings.length];
    int[] widths = new int[headings.length];
    for (int i = 0; i < headings.length; i++) {
      titles[i] = headings[i].strip();
      widths[i] = width(titles[i]);
      for (String[] row : rows) {
        widths[i] = Math.max(widths[i], width(row[i]));
      }
    }
    printRow(output, titles, widths);
    rows.forEach(row -> printRow(output, row, widths));
  }

  private void printRow(PrintStream output, String[] cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < cells.length; i++) {
      String padding = " ".repeat(widths[i] - width(cells[i]));
      boolean right = headings[i].startsWith(" ");
      line.append(right ? padding + cells[i] : cells[i] + padding).append(GAP);
    }
    output.println(line.toString().stripTrailing());
  }

  private static int width(String text) {
    return text.codePointCount(0, text.length());
  }
}
