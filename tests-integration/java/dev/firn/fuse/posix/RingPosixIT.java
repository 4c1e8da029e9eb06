package dev.firn.fuse.posix;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.firn.fuse.TestTransports;
import dev.firn.fuse.Transport;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;

/** The scenarios on a volume through the kernel's own protocol over io_uring. */
class RingPosixIT extends MountedPosixScenarios {
  @BeforeAll
  @Override
  void setUp() throws IOException {
    assumeTrue(TestTransports.ringsAreOffered(), "the kernel does not offer io_uring");
    super.setUp();
  }

  @Override
  Transport transport() {
    return TestTransports.overRings();
  }

  @Override
  Map<String, String> exceptions() {
    return Map.of();
  }
}
