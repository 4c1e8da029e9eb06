package dev.firn.fuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.vfs.FileSystem;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Long files move in requests of a MiB, and the kernel gathers as much as it was told to. */
@ParameterizedClass
@MethodSource("dev.firn.fuse.TestTransports#kernel")
class BigRequestsIT {
  private static final int MEBIBYTES = 16;

  @Parameter Transport transport;

  @Test
  void longFilesMoveInRequestsOfAMebibyte() throws Exception {
    AtomicInteger reads = new AtomicInteger();
    AtomicInteger writes = new AtomicInteger();
    FileSystem counting =
        HookedFileSystem.with(
            method -> {
              if (method.equals("read")) {
                reads.incrementAndGet();
              } else if (method.equals("write")) {
                writes.incrementAndGet();
              }
            });
    try (TestMount mount = new TestMount(transport, counting)) {
      Files.write(mount.directory().resolve("file"), new byte[MEBIBYTES << 20]);
    }
    assertTrue(writes.get() <= MEBIBYTES + MEBIBYTES / 4, writes + " writes");
    // A new mount has no pages of it.
    try (TestMount mount = new TestMount(transport, counting);
        InputStream file = Files.newInputStream(mount.directory().resolve("file"))) {
      byte[] buffer = new byte[1 << 20];
      long total = 0;
      for (int count = file.read(buffer); count > 0; count = file.read(buffer)) {
        total += count;
      }
      assertEquals(MEBIBYTES << 20, total);
    }
    // The kernel begins with less, until it sees that one goes on.
    assertTrue(reads.get() <= MEBIBYTES + MEBIBYTES / 4, reads + " reads");
  }

  @Test
  void theKernelReadsAheadAndGathersWhatItWasToldTo() throws Exception {
    try (TestVolume volume = new TestVolume();
        TestMount mount = new TestMount(transport, volume.fileSystem())) {
      Path settings =
          Path.of("/sys/class/bdi", MountPoint.deviceAt(mount.directory()).orElseThrow());
      assertEquals(1024, number(settings.resolve("read_ahead_kb")));
      Path changed = settings.resolve("max_bytes");
      // Not before Linux 6.2; kept as a part of all that may be changed, so it is not exact.
      if (Files.exists(changed)) {
        assertTrue(number(changed) > 120 << 20, number(changed) + " bytes");
      }
    }
  }

  private static long number(Path setting) throws Exception {
    return Long.parseLong(Files.readString(setting, StandardCharsets.US_ASCII).strip());
  }
}
