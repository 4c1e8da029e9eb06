package dev.firn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PathTextTest {
  /** The names are Java strings in which {@code ^} stands for the byte 1. */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "plain, plain",
        "a b\\c, a b\\c",
        "\u00ff, \u00ff",
        "say\"so, say\"so",
        "\"so, `\"\\\"so\"`",
        "^, `\"\\001\"`",
        "a\\^, `\"a\\\\\\001\"`"
      })
  void onlyWhatBreaksALineIsQuoted(String name, String expected) {
    byte[] bytes = name.replace('^', '\1').getBytes(StandardCharsets.ISO_8859_1);
    assertEquals(expected, new String(PathText.quoted(bytes), StandardCharsets.ISO_8859_1));
  }
}
