package dev.firn.scenarios;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs each shell script of tests-integration/scenarios: Firn as users use it. */
class ScenariosIT {
  private static final long TIMEOUT_MINUTES = 10;

  @TempDir Path directory;

  static List<Path> scenarios() throws IOException {
    Path scenarios = Path.of(System.getProperty("firn.scenarios"));
    try (Stream<Path> files = Files.list(scenarios)) {
      List<Path> found =
          files
              .filter(file -> file.toString().endsWith(".sh"))
              .filter(file -> !file.endsWith("lib.sh"))
              .sorted()
              .toList();
      assertFalse(found.isEmpty());
      return found;
    }
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void scenarioPasses(Path script) throws Exception {
    Path output = directory.resolve("output.txt");
    ProcessBuilder builder =
        new ProcessBuilder("bash", script.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    builder.environment().put("FIRN_LAUNCHER", System.getProperty("firn.launcher"));
    Process process = builder.start();
    boolean ended = process.waitFor(TIMEOUT_MINUTES, TimeUnit.MINUTES);
    if (!ended) {
      // SIGTERM lets the script take its mounts away.
      process.destroy();
      process.waitFor();
    }
    String text = Files.readString(output, java.nio.charset.StandardCharsets.ISO_8859_1);
    assertTrue(ended, script.getFileName() + " did not end:\n" + text);
    assertEquals(0, process.exitValue(), script.getFileName() + ":\n" + text);
  }
}
