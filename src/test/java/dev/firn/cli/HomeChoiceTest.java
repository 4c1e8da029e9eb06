package dev.firn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HomeChoiceTest {
  private static final Map<String, String> SET = Map.of("FIRN_HOME", "/h/../home");

  @Test
  void theOptionComesFirst() {
    assertEquals(Path.of("/a"), HomeChoice.of(Path.of("/x/../a"), SET));
  }

  @Test
  void thenTheVariable() {
    assertEquals(Path.of("/home"), HomeChoice.of(null, SET));
  }

  @Test
  void aRelativeHomeIsMadeAbsolute() {
    assertEquals(Path.of("h").toAbsolutePath(), HomeChoice.of(Path.of("h"), SET));
  }

  @Test
  void anEmptyVariableCountsAsNone() {
    Map<String, String> environment = Map.of("FIRN_HOME", "", "XDG_DATA_HOME", "/x", "HOME", "/u");
    Path chosen = HomeChoice.of(null, environment);
    boolean root = "root".equals(System.getProperty("user.name"));
    assertEquals(Path.of(root ? "/var/lib/firn" : "/x/firn"), chosen);
  }
}
