package dev.firn.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DiskErrorsTest {
  /** A process of its own, whose system speaks another language if it can. */
  static final class FullDevice {
    private FullDevice() {}

    public static void main(String[] arguments) {
      try {
        Files.write(Path.of("/dev/full"), new byte[1]);
      } catch (IOException e) {
        System.out.print(DiskErrors.saysFull(e.getMessage()) ? "full" : e.getMessage());
      }
    }
  }

  @Test
  void aFullDiskIsKnownInEveryLanguage() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            FullDevice.class.getName());
    builder.environment().putAll(Map.of("LC_ALL", "C.UTF-8", "LANGUAGE", "de"));
    Process process = builder.start();
    byte[] said = process.getInputStream().readAllBytes();
    assertEquals("full", new String(said, StandardCharsets.UTF_8));
  }

  @Test
  void otherFailuresAreNot() {
    assertTrue(DiskErrors.saysFull("No space left on device"));
    assertTrue(DiskErrors.saysFull("/srv/x: Disk quota exceeded"));
    assertFalse(DiskErrors.saysFull("Input/output error"));
    assertFalse(DiskErrors.saysFull(null));
  }
}
