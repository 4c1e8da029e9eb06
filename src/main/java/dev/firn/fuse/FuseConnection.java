package dev.firn.fuse;

import dev.firn.base.FirnException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The connection between the kernel and whoever serves a mount, as the fusectl file system shows
 * it: one directory a connection, named by the minor number of the mount's device.
 */
public final class FuseConnection {
  /** Where fusectl is mounted, if it is. */
  public static final Path CONNECTIONS = Path.of("/sys/fs/fuse/connections");

  private static final String TYPE_PREFIX = "fuse";

  private FuseConnection() {}

  /**
   * Cuts a mount off from whatever serves it, be it dead, stopped or hanging: all requests under
   * way and to come fail, and the mount is taken away. Changes that the kernel held are lost. Does
   * not touch the mounted files, which could block.
   *
   * @return false, and nothing is done, if there is no way to make requests fail: fusectl is not
   *     mounted, and this process is not root's
   * @throws FirnException NOT_FOUND if nothing of FUSE is mounted there; NOT_PERMITTED if the mount
   *     is somebody else's
   */
  public static boolean cutOff(Path directory) throws IOException {
    Path place = MountPoint.untouched(directory);
    if (!MountTable.typeAt(place).orElse("").startsWith(TYPE_PREFIX)) {
      throw FirnException.notFound(
          "nothing of FUSE is mounted at '%s'; 'firn daemon status' lists the mounts", directory);
    }
    if (aborted(place)) {
      MountPoint.unmountLazily(place);
    } else if (MountPoint.isRoot()) {
      MountPoint.unmountByForce(place);
    } else {
      return false;
    }
    return true;
  }

  /**
   * The file that makes all requests of a connection fail when it is written to.
   *
   * @param connections where fusectl is mounted
   * @param device of the connection's mount, such as "0:45"
   */
  public static Path abortIn(Path connections, String device) {
    String minor = device.substring(device.indexOf(':') + 1);
    return connections.resolve(minor).resolve("abort");
  }

  /**
   * Whether fusectl is there to do it: it may not be mounted, or, in a container, for reading only.
   */
  private static boolean aborted(Path place) throws IOException {
    Optional<String> device = MountTable.deviceAt(place);
    if (device.isEmpty()) {
      return false;
    }
    Path abort = abortIn(CONNECTIONS, device.get());
    if (!Files.exists(abort)) {
      return false;
    }
    if (!Files.isWritable(abort)) {
      if (MountPoint.isRoot()) {
        return false;
      }
      throw FirnException.notPermitted(
          "cannot cut off '%s': it was mounted by another user; ask them, or do it as root", place);
    }
    Files.writeString(abort, "1", StandardCharsets.US_ASCII);
    return true;
  }
}
