package dev.firn.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskReadAheadTest {
  @TempDir Path directory;
  private Path devices;
  private Path disk;

  @BeforeEach
  void makeADiskWithAPartition() throws IOException {
    devices = Files.createDirectories(directory.resolve("dev/block"));
    disk = Files.createDirectories(directory.resolve("devices/sda"));
    Files.createDirectories(disk.resolve("queue"));
    Files.writeString(disk.resolve("queue/read_ahead_kb"), "4096\n");
    Path partition = Files.createDirectory(disk.resolve("sda1"));
    Files.createSymbolicLink(devices.resolve("8:0"), disk);
    Files.createSymbolicLink(devices.resolve("8:1"), partition);
    // Numbers that do not fit where they once did.
    Files.createSymbolicLink(devices.resolve("259:300"), disk);
    Files.createSymbolicLink(devices.resolve("4096:1048575"), disk);
  }

  @Test
  void aPartitionIsReadAheadAsItsDisk() throws IOException {
    for (long device : new long[] {0x800, 0x801, 0x11_032cL, 0x1000_fff0_00ffL}) {
      assertEquals(4 << 20, DiskReadAhead.bytes(devices, device), Long.toHexString(device));
    }
  }

  @Test
  void whatIsNoNumberIsNotKnown() throws IOException {
    Files.writeString(disk.resolve("queue/read_ahead_kb"), "much\n");
    assertEquals(0, DiskReadAhead.bytes(devices, 0x800));
  }

  @Test
  void aFileOnNoDiskIsNotKnown() {
    assertThrows(NoSuchFileException.class, () -> DiskReadAhead.bytes(devices, 0x2a));
    assertEquals(0, DiskReadAhead.bytes(Path.of("/proc/self")));
    assertEquals(0, DiskReadAhead.bytes(directory.resolve("missing")));
  }
}
