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
 * What the kernel takes the file system of a mount to be able to, as it would a disk
 * (Documentation/ABI/testing/sysfs-class-bdi of Linux): its guesses are for a slow one that is not
 * to be trusted, and no answer to INIT can raise them. Only root may, in /sys.
 */
final class BackingDevice {
  private static final Logger LOG = LoggerFactory.getLogger(BackingDevice.class);

  /** As much as one request carries, instead of 128 KiB. */
  private static final long READ_AHEAD_BYTES_MIN = Negotiation.PAYLOAD_BYTES_MAX;

  /** A page fault reads as much around it. */
  private static final long READ_AHEAD_BYTES_MAX = 16 << 20;

  /**
   * Changed pages that the mount may have before who changes more has to wait. With the hundredth
   * of all that may be changed, which is the kernel's guess, writers wait although the disk keeps
   * pace; much more would only make a snapshot wait longer for them.
   */
  private static final long CHANGED_BYTES = 128L << 20;

  private final Path settings;

  /** With a directory as /sys/class/bdi/MAJOR:MINOR is. */
  BackingDevice(Path settings) {
    this.settings = settings;
  }

  /**
   * Raises what can be raised of a new mount; what cannot is told in the log.
   *
   * @param readAheadBytes of the disk below; 0: not known
   */
  static void raiseLimits(Path directory, long readAheadBytes) {
    Optional<String> device;
    try {
      device = MountPoint.deviceAt(directory);
    } catch (IOException e) {
      LOG.info("{}: the kernel's limits stay as they are: {}", directory, e.toString());
      return;
    }
    device.ifPresent(
        number -> new BackingDevice(Path.of("/sys/class/bdi", number)).raiseLimits(readAheadBytes));
  }

  void raiseLimits(long readAheadBytes) {
    long wanted = Math.min(readAheadBytes, READ_AHEAD_BYTES_MAX);
    raise("read_ahead_kb", Math.max(wanted, READ_AHEAD_BYTES_MIN) >> 10);
    // Since Linux 6.2.
    raise("max_bytes", CHANGED_BYTES);
  }

  /** Never lowers: a machine with much memory may give more by itself. */
  private void raise(String name, long value) {
    Path setting = settings.resolve(name);
    try {
      if (Long.parseLong(Files.readString(setting, StandardCharsets.US_ASCII).strip()) < value) {
        Files.writeString(setting, Long.toString(value), StandardCharsets.US_ASCII);
      }
    } catch (IOException | NumberFormatException e) {
      LOG.info("{} stays as it is: {}", setting, e.toString());
    }
  }
}
