package dev.firn.fuse;

import dev.firn.fuse.jnr.JnrFuseTransport;
import dev.firn.fuse.kernel.KernelTransport;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;

/** The transports that tests must pass on. */
public final class TestTransports {
  private TestTransports() {}

  /** For {@code @MethodSource("dev.firn.fuse.TestTransports#all")}. */
  public static Stream<Named<Transport>> all() {
    List<Transport> transports = List.of(new KernelTransport(), new JnrFuseTransport());
    return transports.stream().map(transport -> Named.of(transport.name(), transport));
  }
}
