package dev.firn.fuse.kernel;

import dev.firn.fuse.MountPoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the kernel read ahead as much as one request carries. What it offers with INIT is the 128
 * KiB of an ordinary device, and an answer can only make that less; only root may raise it, in
 * /sys.
 */
final class ReadAhead {
  private static final Logger LOG = LoggerFactory.getLogger(ReadAhead.class);
  private static final int KIBIBYTES = Negotiation.PAYLOAD_BYTES_MAX >> 10;

  private ReadAhead() {}

  static void enlarge(Path directory) {
    try {
      Optional<String> device = MountPoint.deviceAt(directory);
      if (device.isPresent()) {
        Files.writeString(
            Path.of("/sys/class/bdi", device.get(), "read_ahead_kb"),
            Integer.toString(KIBIBYTES),
            StandardCharsets.US_ASCII);
      }
    } catch (IOException e) {
      LOG.info("{}: the kernel's read-ahead stays as it is: {}", directory, e.toString());
    }
  }
}
