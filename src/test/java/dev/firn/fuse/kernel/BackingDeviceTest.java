package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackingDeviceTest {
  @TempDir Path settings;

  @Test
  void raisesTheKernelsGuesses() throws IOException {
    Files.writeString(settings.resolve("read_ahead_kb"), "128\n");
    Files.writeString(settings.resolve("max_bytes"), "49486028\n");

    new BackingDevice(settings).raiseLimits(0);

    assertEquals("1024", Files.readString(settings.resolve("read_ahead_kb")));
    assertEquals("134217728", Files.readString(settings.resolve("max_bytes")));
  }

  @Test
  void readsAheadAsOnTheDiskBelowWithinLimits() throws IOException {
    Path setting = settings.resolve("read_ahead_kb");
    for (long[] each : new long[][] {{256, 1024}, {8192, 8192}, {1 << 20, 16_384}}) {
      Files.writeString(setting, "128\n");

      new BackingDevice(settings).raiseLimits(each[0] << 10);

      assertEquals(Long.toString(each[1]), Files.readString(setting));
    }
  }

  @Test
  void lowersNothing() throws IOException {
    Files.writeString(settings.resolve("read_ahead_kb"), "4096\n");
    Files.writeString(settings.resolve("max_bytes"), "536870912\n");

    new BackingDevice(settings).raiseLimits(0);

    assertEquals("4096\n", Files.readString(settings.resolve("read_ahead_kb")));
    assertEquals("536870912\n", Files.readString(settings.resolve("max_bytes")));
  }

  @Test
  void aKernelWithoutOneSettingHasTheOtherRaised() throws IOException {
    Files.writeString(settings.resolve("read_ahead_kb"), "128\n");

    new BackingDevice(settings).raiseLimits(0);

    assertEquals("1024", Files.readString(settings.resolve("read_ahead_kb")));
    assertFalse(Files.exists(settings.resolve("max_bytes")));
  }
}
