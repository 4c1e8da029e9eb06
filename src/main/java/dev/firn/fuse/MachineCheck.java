package dev.firn.fuse;

import dev.firn.base.FirnException;
import dev.firn.fuse.jnr.JnrFuseTransport;
import dev.firn.fuse.kernel.KernelOffer;
import dev.firn.fuse.kernel.KernelTransport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What this machine offers to those who mount, and what can be done where that is little. */
public final class MachineCheck {
  private static final Path PARAMETER = Path.of("/sys/module/fuse/parameters/enable_uring");

  /** There for a module that was loaded, not for one that is part of the kernel. */
  private static final Path MODULE = Path.of("/sys/module/fuse/initstate");

  private static final Path FUSE_CONFIGURATION = Path.of("/etc/fuse.conf");
  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final Pattern LIMIT = Pattern.compile("(Max .*?) {2,}(\\S+) +(\\S+).*");
  private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+).*");
  private static final String HELPER = "fusermount3";
  private static final int HELPER_SECONDS_MAX = 10;
  private static final int OPEN_FILES_MIN = 4096;

  /** The first kernel with FUSE over io_uring. */
  private static final int RINGS_SINCE = 614;

  /** What a ring takes of a user's locked memory, and how many one mount has of each processor. */
  private static final int RING_KIB = 8;

  private static final int RINGS_MAX = 4;

  private static final String ENABLE = "as root: firn doctor --enable-io-uring";

  private final int kernel = kernelVersion(System.getProperty("os.version"));

  private MachineCheck() {}

  /**
   * Looks at everything. Mounts at a directory of its own for a moment, to learn what the kernel
   * says.
   */
  public static List<Finding> findings() {
    MachineCheck check = new MachineCheck();
    List<Finding> findings = new ArrayList<>();
    findings.add(check.kernel());
    findings.add(check.device());
    findings.addAll(check.offer());
    findings.add(check.guard());
    findings.add(check.helper());
    findings.add(check.letsOthersIn());
    findings.add(check.library());
    findings.add(check.openFiles());
    findings.add(check.lockedMemory());
    return findings;
  }

  /**
   * Lets the kernel offer FUSE over io_uring to mounts made from now on, until the machine starts
   * again.
   *
   * @return how to have it so after that, too
   * @throws FirnException NOT_PERMITTED unless root asks; FAILED when this kernel cannot
   */
  public static String enableRings() throws IOException {
    if (!Files.exists(PARAMETER)) {
      throw FirnException.failed(
          "this kernel (%s) has no FUSE over io_uring: there is no %s; Linux 6.14 or newer has it,"
              + " if it was built with CONFIG_FUSE_IO_URING",
          System.getProperty("os.version"), PARAMETER);
    }
    if (!MountPoint.isRoot()) {
      throw FirnException.notPermitted(
          "only root may turn FUSE over io_uring on; %s", ENABLE.replace("as root", "run as root"));
    }
    Files.writeString(PARAMETER, "Y", StandardCharsets.US_ASCII);
    if (!ringsAreEnabled()) {
      throw FirnException.failed("%s does not take the value Y", PARAMETER);
    }
    return Files.exists(MODULE)
        ? "put 'options fuse enable_uring=1' into /etc/modprobe.d/fuse.conf"
        : "put 'fuse.enable_uring=1' on the kernel's command line";
  }

  private static boolean ringsAreEnabled() throws IOException {
    return read(PARAMETER).strip().equals("Y");
  }

  private static String read(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.ISO_8859_1);
  }

  /** 6.18.3 as 618. */
  static int kernelVersion(String text) {
    Matcher version = VERSION.matcher(text);
    return version.matches()
        ? 100 * Integer.parseInt(version.group(1)) + Integer.parseInt(version.group(2))
        : 0;
  }

  private Finding kernel() {
    String found = System.getProperty("os.name") + ' ' + System.getProperty("os.version");
    return kernel >= 504
        ? Finding.ok("kernel", found)
        : Finding.problem(
            "kernel", found, "Linux 5.4 or newer is needed; before that, --transport jnr-fuse");
  }

  private Finding device() {
    try {
      FuseDevice.require(Path.of("."));
      return Finding.ok("/dev/fuse", "can be opened");
    } catch (FirnException e) {
      return Finding.problem("/dev/fuse", "cannot be opened", afterColon(e.getMessage()));
    }
  }

  private static String afterColon(String message) {
    return message.substring(message.indexOf(": ") + 2);
  }

  /** What a mount says: protocol, and whether requests can come over io_uring. */
  private List<Finding> offer() {
    KernelOffer offer;
    try {
      Path directory = Files.createTempDirectory("firn-doctor-");
      try {
        offer = KernelTransport.offer(directory);
      } finally {
        Files.deleteIfExists(directory);
      }
    } catch (IOException | FirnException e) {
      return List.of(
          Finding.problem("mounting", "does not work", afterColon(e.getMessage())), rings(null));
    }
    return List.of(
        Finding.ok("mounting", MountPoint.isRoot() ? "works" : "works, through " + HELPER),
        Finding.ok("FUSE protocol", offer.version()),
        rings(offer));
  }

  private Finding rings(KernelOffer offer) {
    String name = "FUSE over io_uring";
    try {
      if (!Files.exists(PARAMETER)) {
        return Finding.note(name, "not in this kernel", "Linux 6.14 or newer has it; see README");
      }
      if (!ringsAreEnabled()) {
        return Finding.note(
            name, "turned off (enable_uring is N)", ENABLE + "; new mounts then use it");
      }
    } catch (IOException e) {
      return Finding.note(name, "unknown: " + e.getMessage(), "look at " + PARAMETER);
    }
    if (offer == null) {
      return Finding.note(name, "turned on", "what mounts are offered shows when they work");
    }
    if (!offer.rings()) {
      return Finding.note(name, "turned on, and not offered to a mount", "look at dmesg(1)");
    }
    Optional<String> refusal = KernelTransport.ringRefusal();
    return refusal.isEmpty()
        ? Finding.ok(name, "offered, and used unless -o io_uring=off")
        : Finding.note(
            name,
            "offered, but no ring for this process: " + refusal.get(),
            "let it have one: sysctl kernel.io_uring_disabled=0, or the container's profile");
  }

  private Finding guard() {
    String name = "killed daemons";
    Optional<String> refusal = KernelTransport.guardRefusal();
    return refusal.isEmpty()
        ? Finding.ok(name, "a guard lets them end, and whoever waits for their mounts")
        : Finding.note(
            name,
            "without a guard: " + refusal.get(),
            "they may not end before 'firn umount --force'. A guard needs setpriv (apt-get install"
                + " util-linux) and fusectl (mount -t fusectl none "
                + FuseConnection.CONNECTIONS
                + ")");
  }

  private Finding helper() {
    String said;
    try {
      Process process = new ProcessBuilder(HELPER, "-V").redirectErrorStream(true).start();
      said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (!process.waitFor(HELPER_SECONDS_MAX, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      String advice = "install it: apt-get install fuse3; who is not root cannot mount without";
      return MountPoint.isRoot()
          ? Finding.note(HELPER, "not installed", advice)
          : Finding.problem(HELPER, "not installed", advice);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      said = "interrupted";
    }
    return Finding.ok(HELPER, said.replaceFirst("^fusermount3 version: *", ""));
  }

  private Finding letsOthersIn() {
    String name = "user_allow_other";
    boolean set;
    try {
      set = read(FUSE_CONFIGURATION).lines().anyMatch(line -> line.strip().equals(name));
    } catch (IOException e) {
      set = false;
    }
    return set
        ? Finding.ok(name, "set in " + FUSE_CONFIGURATION)
        : Finding.note(
            name,
            "not set",
            "only matters to -o allow_other of users who are not root; as root: echo "
                + name
                + " >>"
                + FUSE_CONFIGURATION);
  }

  private Finding library() {
    return JnrFuseTransport.isInstalled()
        ? Finding.ok("libfuse 2", "installed")
        : Finding.note(
            "libfuse 2",
            "not installed",
            "only needed for --transport jnr-fuse: apt-get install libfuse2");
  }

  private Finding openFiles() {
    String name = "open files";
    Matcher limit = limit("Max open files");
    if (limit == null) {
      return Finding.note(name, "unknown", "look at ulimit -n");
    }
    // Java raises the limit to the hard one by itself.
    String hard = limit.group(3);
    return hard.equals("unlimited") || Long.parseLong(hard) >= OPEN_FILES_MIN
        ? Finding.ok(name, "up to " + hard)
        : Finding.note(
            name,
            "up to " + hard,
            "a home with many segments needs more: LimitNOFILE= of its service, or"
                + " /etc/security/limits.conf");
  }

  private Finding lockedMemory() {
    String name = "locked memory";
    Matcher limit = limit("Max locked memory");
    String soft = limit == null ? "unknown" : limit.group(2);
    if (!soft.matches("\\d+")) {
      return Finding.ok(name, soft);
    }
    long kib = Long.parseLong(soft) / 1024;
    String found = "up to " + kib + " KiB";
    if (kernel < RINGS_SINCE || MountPoint.isRoot()) {
      return Finding.ok(name, found + ", which does not matter here");
    }
    int mountKib = RING_KIB * RINGS_MAX * Runtime.getRuntime().availableProcessors();
    return kib >= mountKib
        ? Finding.ok(name, found + ", of which a mount over io_uring takes up to " + mountKib)
        : Finding.note(
            name,
            found,
            "a mount over io_uring takes up to "
                + mountKib
                + ": ulimit -l, LimitMEMLOCK= of a service, or /etc/security/limits.conf");
  }

  private static Matcher limit(String name) {
    try {
      for (String line : read(LIMITS).split("\n")) {
        Matcher limit = LIMIT.matcher(line);
        if (limit.matches() && limit.group(1).equals(name)) {
          return limit;
        }
      }
    } catch (IOException e) {
      return null;
    }
    return null;
  }
}
