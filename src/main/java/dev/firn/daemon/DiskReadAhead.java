package dev.firn.daemon;

import dev.firn.vfs.DeviceNumbers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How far the system reads ahead of whoever reads a disk from begin to end, which an administrator
 * or distribution has chosen for it (Documentation/block/queue-sysfs.rst of Linux).
 */
final class DiskReadAhead {
  private static final Path DEVICES = Path.of("/sys/dev/block");

  private DiskReadAhead() {}

  /**
   * Of the disk that has a file; 0 where the file system's device number is no disk's (btrfs,
   * overlayfs, the network), or the disk does not say.
   */
  static long bytes(Path file) {
    try {
      return bytes(DEVICES, (long) Files.getAttribute(file, "unix:dev"));
    } catch (IOException | UnsupportedOperationException e) {
      return 0;
    }
  }

  /**
   * With a directory as /sys/dev/block is.
   *
   * @param device as in st_dev of stat(2)
   */
  static long bytes(Path devices, long device) throws IOException {
    String name = DeviceNumbers.major(device) + ":" + DeviceNumbers.minor(device);
    Path disk = devices.resolve(name).toRealPath();
    Path setting = disk.resolve("queue/read_ahead_kb");
    if (!Files.exists(setting)) {
      // A partition has its disk's.
      setting = disk.resolveSibling("queue/read_ahead_kb");
    }
    try {
      return Long.parseLong(Files.readString(setting, StandardCharsets.US_ASCII).strip()) << 10;
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
