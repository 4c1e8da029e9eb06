package dev.firn.daemon;

import dev.firn.base.FirnException;
import dev.firn.base.Program;
import dev.firn.fuse.MountPoint;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Linux's loop devices, by losetup(8): a file as a block device. Direct I/O leaves the caching to
 * whoever uses the device; what is there only once need not be written back twice.
 */
final class LoopDevice {
  private static final String PACKAGE = "mount";
  private static final int TIMEOUT_SECONDS = 60;
  private static final int GONE_MILLIS_MAX = 3000;
  private static final int POLL_MILLIS = 50;
  private static final Pattern DEVICE = Pattern.compile("/dev/loop[0-9]{1,7}");
  private static final Path SYS_BLOCK = Path.of("/sys/block");

  private LoopDevice() {}

  /** Whether this could be one's name. */
  static boolean isName(String device) {
    return DEVICE.matcher(device).matches();
  }

  /**
   * Makes a file a device.
   *
   * @param preferred the one to take if it is free, or null
   */
  static String attach(Path disk, boolean readOnly, String preferred) throws IOException {
    if (preferred != null && isName(preferred) && isFree(preferred)) {
      List<String> command = command(readOnly);
      command.addAll(List.of(preferred, disk.toString()));
      if (Program.result(PACKAGE, TIMEOUT_SECONDS, command, () -> {}).exitStatus() == 0) {
        return preferred;
      }
    }
    List<String> command = command(readOnly);
    command.addAll(List.of("--find", "--show", disk.toString()));
    String device = Program.run(PACKAGE, TIMEOUT_SECONDS, command).strip();
    if (!isName(device)) {
      throw FirnException.failed("losetup names no device, but says '%s'", device);
    }
    return device;
  }

  private static List<String> command(boolean readOnly) {
    List<String> command = new ArrayList<>(List.of("losetup", "--direct-io=on", "--partscan"));
    if (readOnly) {
      command.add("--read-only");
    }
    return command;
  }

  private static boolean isFree(String device) {
    return Files.exists(Path.of(device)) && !Files.exists(system(device).resolve("loop"));
  }

  /** Whether the device stands for this file. */
  static boolean isOf(String device, Path disk) throws IOException {
    if (!isName(device)) {
      return false;
    }
    Path backing = system(device).resolve("loop/backing_file");
    try {
      return Files.readString(backing).strip().equals(disk.toString());
    } catch (IOException e) {
      if (Files.exists(backing)) {
        throw e;
      }
      return false;
    }
  }

  /** Lets the device see that its file has grown. */
  static void grow(String device) throws IOException {
    Program.run(PACKAGE, TIMEOUT_SECONDS, List.of("losetup", "--set-capacity", device));
  }

  /** Writes out what the kernel holds of the device, through to the disk. */
  static void force(String device) throws IOException {
    try (FileChannel channel = FileChannel.open(Path.of(device), StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Asks for its end, which comes when nobody has it open any more. */
  static void detachLater(String device) throws IOException {
    Program.run(PACKAGE, TIMEOUT_SECONDS, List.of("losetup", "--detach", device));
  }

  /**
   * Ends it.
   *
   * @throws FirnException CONFLICT when somebody has it open: it goes when they let go
   */
  static void detach(String device, Path disk) throws IOException {
    detachLater(device);
    for (int waited = 0; isOf(device, disk); waited += POLL_MILLIS) {
      if (waited > GONE_MILLIS_MAX) {
        throw FirnException.conflict(
            "%s is still open: it goes when %s",
            device, describe(MountPoint.usersOf(Path.of(device)), "who has it open lets go"));
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw FirnException.failed("interrupted while %s was being detached", device);
      }
    }
  }

  private static String describe(List<String> users, String nobody) {
    return users.isEmpty() ? nobody : String.join(", ", users) + " lets go";
  }

  /** Where file systems on the device, or on a partition of it, are mounted. */
  static List<Path> mountedAt(String device) throws IOException {
    return MountPoint.placesOf(numbers(device));
  }

  /** What else uses it: swap space, device mapper, RAID; as words for messages. */
  static List<String> holders(String device) throws IOException {
    List<String> holders = new ArrayList<>();
    for (Path part : parts(device)) {
      try (DirectoryStream<Path> found = Files.newDirectoryStream(part.resolve("holders"))) {
        found.forEach(holder -> holders.add("device " + holder.getFileName()));
      }
      String name = "/dev/" + part.getFileName();
      for (String line : Files.readAllLines(Path.of("/proc/swaps"))) {
        if (line.startsWith(name + " ") || line.startsWith(name + "\t")) {
          holders.add("swap space");
        }
      }
    }
    return holders;
  }

  private static Set<String> numbers(String device) throws IOException {
    Set<String> numbers = new HashSet<>();
    for (Path part : parts(device)) {
      numbers.add(Files.readString(part.resolve("dev")).strip());
    }
    return numbers;
  }

  /** The device itself and its partitions, below /sys. */
  private static List<Path> parts(String device) throws IOException {
    List<Path> parts = new ArrayList<>();
    Path whole = system(device);
    parts.add(whole);
    try (DirectoryStream<Path> found =
        Files.newDirectoryStream(whole, whole.getFileName() + "p[0-9]*")) {
      found.forEach(parts::add);
    }
    return parts;
  }

  private static Path system(String device) {
    return SYS_BLOCK.resolve(Path.of(device).getFileName());
  }
}
