package dev.firn.fuse;

import dev.firn.base.FirnException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The device that all transports talk to. */
public final class FuseDevice {
  private static final Path DEVICE = Path.of("/dev/fuse");

  private FuseDevice() {}

  /** Throws FAILED or NOT_PERMITTED, naming what helps, unless this process can use it. */
  public static void require(Path directory) {
    if (!Files.exists(DEVICE)) {
      throw FirnException.failed(
          "cannot mount at '%s': no %s here; load the module with 'modprobe fuse' (in a container:"
              + " start it with --device /dev/fuse --cap-add SYS_ADMIN)",
          directory, DEVICE);
    }
    if (!Files.isReadable(DEVICE) || !Files.isWritable(DEVICE)) {
      throw FirnException.notPermitted(
          "cannot mount at '%s': this user may not open %s; run the daemon as root or, as root, run"
              + " 'chmod 666 %s'",
          directory, DEVICE, DEVICE);
    }
  }
}
