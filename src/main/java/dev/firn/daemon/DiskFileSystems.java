package dev.firn.daemon;

import dev.firn.base.FirnException;
import dev.firn.base.Program;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Makes, recognises and mounts the file systems on devices, with the system's own programs. */
final class DiskFileSystems {
  private static final int MAKE_SECONDS_MAX = 600;
  private static final int MOUNT_SECONDS_MAX = 300;
  private static final int PROBE_SECONDS_MAX = 60;
  private static final int NOTHING_FOUND = 2;

  /** Debian's package of each one's mkfs. */
  private static final Map<String, String> PACKAGES =
      Map.of("ext4", "e2fsprogs", "xfs", "xfsprogs");

  private DiskFileSystems() {}

  /** Refuses what cannot be made; null is nothing to make. */
  static void check(String type) {
    if (type != null && !PACKAGES.containsKey(type)) {
      throw FirnException.usage("file system '%s' is not offered: choose ext4 or xfs", type);
    }
  }

  static void make(String type, String device) throws IOException {
    Program.run(PACKAGES.get(type), MAKE_SECONDS_MAX, List.of("mkfs." + type, "-q", device));
  }

  /** What is on a device, such as {@code ext4}; null if that cannot be told. */
  static String typeOn(String device) throws IOException {
    List<String> command = List.of("blkid", "-p", "-s", "TYPE", "-o", "value", device);
    Program.Result found = Program.result("util-linux", PROBE_SECONDS_MAX, command, () -> {});
    if (found.exitStatus() != 0 && found.exitStatus() != NOTHING_FOUND) {
      throw FirnException.failed("blkid failed on %s: %s", device, found.reason());
    }
    String type = found.output().strip();
    return type.isEmpty() ? null : type;
  }

  /** What is deleted goes back to the store at once; see firn-mount for nosuid and nodev. */
  static void mount(String device, Path directory) throws IOException {
    Program.run(
        "mount",
        MOUNT_SECONDS_MAX,
        List.of("mount", "-o", "nosuid,nodev,discard", device, directory.toString()));
  }

  /** Brings everything that the mounted file system holds to the device. */
  static void sync(Path directory) throws IOException {
    Program.run("coreutils", MOUNT_SECONDS_MAX, List.of("sync", "-f", directory.toString()));
  }
}
