package dev.firn.fuse;

import dev.firn.fuse.jnr.JnrFuseTransport;
import dev.firn.fuse.kernel.KernelTransport;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;

/**
 * The transports that tests must pass on. Where the kernel does not offer io_uring, what needs it
 * is left out, and said on standard error; {@code scripts/test} turns it on for the time of the
 * tests if it may.
 */
public final class TestTransports {
  private static final Path PARAMETER = Path.of("/sys/module/fuse/parameters/enable_uring");

  private TestTransports() {}

  /** For {@code @MethodSource("dev.firn.fuse.TestTransports#all")}. */
  public static Stream<Named<Transport>> all() {
    Transport library = new JnrFuseTransport();
    return Stream.concat(kernel(), Stream.of(Named.of(library.name(), library)));
  }

  /** The kernel's own protocol, both ways: {@code "dev.firn.fuse.TestTransports#kernel"}. */
  public static Stream<Named<Transport>> kernel() {
    List<Named<Transport>> ways = new ArrayList<>();
    ways.add(Named.of("kernel over /dev/fuse", overDevice()));
    if (ringsAreOffered()) {
      ways.add(Named.of("kernel over io_uring", overRings()));
    }
    return ways.stream();
  }

  public static Transport overDevice() {
    return new KernelWith("io_uring=off");
  }

  /** Mounts nothing where there are no rings. */
  public static Transport overRings() {
    return new KernelWith("io_uring=on");
  }

  public static boolean ringsAreOffered() {
    boolean offered;
    try {
      offered = Files.readString(PARAMETER).strip().equals("Y");
    } catch (IOException e) {
      offered = false;
    }
    if (!offered) {
      System.err.println("NOT TESTED over io_uring: " + PARAMETER + " is not Y");
    }
    return offered;
  }

  /** The mount option that makes a test's transport what it is, or nothing. */
  static List<String> options(Transport transport) {
    return transport instanceof KernelWith kernel ? List.of(kernel.option) : List.of();
  }

  private static final class KernelWith implements Transport {
    private final Transport kernel = new KernelTransport();
    private final String option;

    KernelWith(String option) {
      this.option = option;
    }

    @Override
    public String name() {
      return kernel.name();
    }

    @Override
    public Mount mount(FileSystem fileSystem, Path directory, MountOptions options)
        throws IOException {
      List<String> words = new ArrayList<>(options.fuseOptions());
      words.add(option);
      return kernel.mount(
          fileSystem,
          directory,
          new MountOptions(
              options.sourceName(), options.readOnly(), words, options.readAheadBytes()));
    }

    @Override
    public String toString() {
      return name() + " with " + option;
    }
  }
}
