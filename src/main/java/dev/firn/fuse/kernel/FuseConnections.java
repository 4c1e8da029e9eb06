package dev.firn.fuse.kernel;

import dev.firn.fuse.FuseConnection;
import dev.firn.fuse.MountPoint;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The file system fusectl, where every FUSE connection has a directory: as it is mounted, or else,
 * for root, one of our own that is attached nowhere (fsopen(2)).
 */
final class FuseConnections implements Closeable {
  private static final long SYS_FSOPEN = 430;
  private static final long SYS_FSCONFIG = 431;
  private static final long SYS_FSMOUNT = 432;
  private static final long CLOSE_ON_EXEC = 1;
  private static final long FSCONFIG_CMD_CREATE = 6;

  private static final int NONE = -1;

  private final Path root;
  private final int descriptor;

  private FuseConnections(Path root, int descriptor) {
    this.root = root;
    this.descriptor = descriptor;
  }

  static FuseConnections open() throws IOException {
    if (MountPoint.deviceAt(FuseConnection.CONNECTIONS).isPresent()) {
      return new FuseConnections(FuseConnection.CONNECTIONS, NONE);
    }
    if (!MountPoint.isRoot()) {
      throw new IOException("fusectl is not mounted at " + FuseConnection.CONNECTIONS);
    }
    int descriptor = unattached();
    return new FuseConnections(Path.of("/proc/self/fd", Integer.toString(descriptor)), descriptor);
  }

  private static int unattached() throws IOException {
    int context = (int) LinuxCalls.LIBC.syscall(SYS_FSOPEN, Mounter.text("fusectl"), CLOSE_ON_EXEC);
    if (context < 0) {
      throw failure("fsopen(2)");
    }
    try {
      if (LinuxCalls.LIBC.syscall(SYS_FSCONFIG, context, FSCONFIG_CMD_CREATE, 0, 0, 0, 0) != 0) {
        throw failure("fsconfig(2)");
      }
      int mounted = (int) LinuxCalls.LIBC.syscall(SYS_FSMOUNT, context, CLOSE_ON_EXEC, 0, 0, 0, 0);
      if (mounted < 0) {
        throw failure("fsmount(2)");
      }
      return mounted;
    } finally {
      LinuxCalls.LIBC.close(context);
    }
  }

  private static IOException failure(String call) {
    return new IOException(
        "fusectl is not mounted, and " + call + " says: " + LinuxCalls.lastError().description());
  }

  /** See {@link FuseConnection#abortIn}; good until this is closed. */
  Path abort(String device) {
    return FuseConnection.abortIn(root, device);
  }

  @Override
  public void close() {
    if (descriptor != NONE) {
      LinuxCalls.LIBC.close(descriptor);
    }
  }
}
