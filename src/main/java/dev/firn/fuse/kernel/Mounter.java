package dev.firn.fuse.kernel;

import dev.firn.base.FirnException;
import dev.firn.fuse.MountPoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import jnr.constants.platform.Errno;

/** Makes a mount and answers the descriptor that serves it: as root with mount(2). */
final class Mounter {
  private Mounter() {}

  static Device mount(Path directory, KernelOptions options) throws IOException {
    return options.isRoot()
        ? mountAsRoot(directory, options)
        : new HelperMounter(directory, options).mount();
  }

  private static Device mountAsRoot(Path directory, KernelOptions options) {
    Device device = Device.open(directory);
    int result =
        LinuxCalls.LIBC.mount(
            text(options.sourceName()),
            MountPoint.terminated(directory),
            text(KernelOptions.TYPE),
            options.flags(),
            text(options.data(device.fd())));
    if (result != 0) {
      Errno error = LinuxCalls.lastError();
      device.close();
      throw FirnException.failed(
          "cannot mount at '%s': mount(2) with %s says: %s; if the kernel lacks FUSE, load it with"
              + " 'modprobe fuse'",
          directory, Device.PATH, error.description());
    }
    return device;
  }

  static byte[] text(String text) {
    return (text + '\0').getBytes(StandardCharsets.UTF_8);
  }
}
