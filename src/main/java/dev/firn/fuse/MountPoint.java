package dev.firn.fuse;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import jnr.constants.platform.Errno;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;

/** What all transports must do with the directory they mount at. */
public final class MountPoint {
  private static final int MNT_FORCE = 1;
  private static final int MNT_DETACH = 2;
  private static final int UMOUNT_NOFOLLOW = 8;

  /** More than any architecture's struct statfs. */
  private static final int STATFS_BYTES = 256;

  /** After umount(2) succeeded, only other mount name spaces can keep the connection up. */
  private static final int END_SECONDS_MAX = 60;

  /** More dead mounts than this on top of each other are not worth a longer loop. */
  private static final int DEAD_MOUNTS_MAX = 16;

  private MountPoint() {}

  /** Of the C library. Public for jnr-ffi, which implements it at run time. */
  public interface LibC {
    int umount2(byte[] path, int flags);

    int statfs(byte[] path, byte[] status);

    int geteuid();
  }

  private static final class LibCHolder {
    static final LibC LIBC = LibraryLoader.create(LibC.class).load("c");
  }

  /**
   * Checks that something can be mounted at a directory, clearing away what a dead process left
   * there, and answers its real path.
   */
  public static Path prepare(Path directory) throws IOException {
    Path place = realPath(directory);
    clearDeadMounts(place);
    BasicFileAttributes attributes;
    try {
      attributes = Files.readAttributes(place, BasicFileAttributes.class);
    } catch (IOException e) {
      if (Files.notExists(place)) {
        throw missing(directory);
      }
      throw e;
    }
    if (!attributes.isDirectory()) {
      throw FirnException.conflict("cannot mount at '%s': it is not a directory", directory);
    }
    Optional<String> type = MountTable.typeAt(place);
    if (type.isPresent()) {
      throw FirnException.conflict(
          "cannot mount at '%s': it is a mount point already (%s); choose another directory or"
              + " unmount it first",
          directory, type.get());
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(place)) {
      if (entries.iterator().hasNext()) {
        throw FirnException.conflict(
            "cannot mount at '%s': it is not empty; choose an empty directory", directory);
      }
    }
    return place;
  }

  /**
   * Takes a mount away. Answers false when nothing is mounted there; CONFLICT when it is busy.
   *
   * @param directory its real path, as {@link #prepare} answered
   */
  public static boolean unmount(Path directory) throws IOException {
    if (MountTable.typeAt(directory).isEmpty()) {
      return false;
    }
    if (LibCHolder.LIBC.umount2(terminated(directory), UMOUNT_NOFOLLOW) == 0) {
      return true;
    }
    Errno error = lastError();
    switch (error) {
      case EPERM:
        // Not root: the set-uid helper does it for the owner of the mount.
        return unmountByHelper(directory, "-u");
      case EBUSY:
        throw busy(directory);
      case EINVAL:
      case ENOENT:
        return false;
      default:
        throw FirnException.failed("cannot unmount '%s': %s", directory, error.description());
    }
  }

  /**
   * Takes a served mount away, and returns when its serving has ended.
   *
   * @param ended completes then; exceptionally when not all is durable
   * @throws FirnException CONFLICT when the mount is busy: it stays as it is
   */
  public static void unmount(Path directory, CompletableFuture<Void> ended) {
    if (ended.isDone()) {
      return;
    }
    try {
      unmount(directory);
      ended.get(END_SECONDS_MAX, TimeUnit.SECONDS);
    } catch (IOException e) {
      throw new FirnException(
          ErrorKind.FAILED, "cannot unmount '" + directory + "': " + e.getMessage(), e);
    } catch (TimeoutException e) {
      throw FirnException.conflict(
          "'%s' is unmounted here, but in use elsewhere: another mount name space (a container?)"
              + " still has it mounted; end that",
          directory);
    } catch (ExecutionException e) {
      throw new FirnException(
          ErrorKind.FAILED,
          "'"
              + directory
              + "' is unmounted, but its last changes could not be made durable: "
              + e.getCause().getMessage(),
          e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw FirnException.failed("interrupted while unmounting '%s'", directory);
    }
  }

  /** The device number of the file system mounted at a directory, such as "0:45". */
  public static Optional<String> deviceAt(Path directory) throws IOException {
    return MountTable.deviceAt(directory);
  }

  /** Where file systems on these devices, such as "7:0", are mounted. */
  public static List<Path> placesOf(Set<String> devices) throws IOException {
    return MountTable.ofDevices(devices);
  }

  /** The processes that use a file or what is below a directory, each as "command (pid N)". */
  public static List<String> usersOf(Path path) {
    return MountUsers.of(path);
  }

  /** Whether this process may mount by itself, without a set-uid helper. */
  public static boolean isRoot() {
    return LibCHolder.LIBC.geteuid() == 0;
  }

  /** A path as the kernel sees it: the virtual machine's native encoding undone. */
  public static byte[] bytes(Path path) {
    return MountTable.bytes(path);
  }

  /** Hides a mount at once; it ends when the last user lets go. */
  public static void unmountLazily(Path directory) throws IOException {
    if (LibCHolder.LIBC.umount2(terminated(directory), MNT_DETACH | UMOUNT_NOFOLLOW) != 0) {
      unmountByHelper(directory, "-uz");
    }
  }

  /** As {@link #unmountLazily}, for root, failing all requests that are under way. */
  static void unmountByForce(Path directory) throws IOException {
    int flags = MNT_FORCE | MNT_DETACH | UMOUNT_NOFOLLOW;
    if (LibCHolder.LIBC.umount2(terminated(directory), flags) != 0) {
      throw FirnException.failed("cannot unmount '%s': %s", directory, lastError().description());
    }
  }

  /** The real path of a mount point, found without touching what is mounted there. */
  static Path untouched(Path directory) throws IOException {
    Path absolute = directory.toAbsolutePath().normalize();
    Path parent = absolute.getParent();
    return parent == null ? absolute : parent.toRealPath().resolve(absolute.getFileName());
  }

  /**
   * Takes away what a dead process left mounted at a directory.
   *
   * @param place its real path
   */
  public static void clearDeadMounts(Path place) throws IOException {
    for (int i = 0; i < DEAD_MOUNTS_MAX && isDeadMount(place); i++) {
      unmountLazily(place);
    }
  }

  private static boolean isDeadMount(Path place) throws IOException {
    if (!MountTable.typeAt(place).orElse("").startsWith("fuse")) {
      return false;
    }
    if (LibCHolder.LIBC.statfs(terminated(place), new byte[STATFS_BYTES]) == 0) {
      return false;
    }
    Errno error = lastError();
    // The last two: it ended while we asked.
    return error == Errno.ENOTCONN || error == Errno.ECONNABORTED || error == Errno.ECANCELED;
  }

  /** Resolves links; the last name itself may be a dead mount, which cannot be looked at. */
  private static Path realPath(Path directory) throws IOException {
    Path absolute = directory.toAbsolutePath().normalize();
    try {
      return absolute.toRealPath();
    } catch (IOException e) {
      Path parent = absolute.getParent();
      if (parent == null || !Files.isDirectory(parent)) {
        throw missing(directory);
      }
      return untouched(directory);
    }
  }

  private static boolean unmountByHelper(Path directory, String flag) throws IOException {
    for (String helper : List.of("fusermount3", "fusermount")) {
      Process process;
      try {
        process =
            new ProcessBuilder(helper, flag, "--", directory.toString())
                .redirectErrorStream(true)
                .start();
      } catch (IOException e) {
        continue;
      }
      String said =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1).strip();
      if (exitStatusOf(process) == 0) {
        return true;
      }
      if (said.contains("busy")) {
        throw busy(directory);
      }
      throw FirnException.failed("cannot unmount '%s': %s", directory, said.replace('\n', ' '));
    }
    throw FirnException.failed(
        "cannot unmount '%s': no fusermount3 here; install the package fuse3: apt-get install fuse3",
        directory);
  }

  private static int exitStatusOf(Process process) {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw FirnException.failed("interrupted while unmounting");
    }
  }

  private static FirnException busy(Path directory) throws IOException {
    List<String> users = new ArrayList<>();
    for (String place : MountTable.below(directory)) {
      users.add("the mount at '" + place + "'");
    }
    users.addAll(MountUsers.of(directory));
    return FirnException.conflict(
        "cannot unmount '%s': it is in use by %s; leave the directory or end what uses it, then try"
            + " again",
        directory, users.isEmpty() ? "another process" : String.join(", ", users));
  }

  private static FirnException missing(Path directory) {
    return FirnException.notFound(
        "cannot mount at '%s': there is no such directory; make it with 'mkdir -p %s'",
        directory, directory);
  }

  private static Errno lastError() {
    return Errno.valueOf(Runtime.getSystemRuntime().getLastError());
  }

  /** A path as a system call takes it: {@link #bytes} with a NUL behind them. */
  public static byte[] terminated(Path directory) {
    byte[] path = MountTable.bytes(directory);
    return Arrays.copyOf(path, path.length + 1);
  }
}
