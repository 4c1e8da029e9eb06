package dev.firn.fuse.posix;

import dev.firn.fuse.TestTransports;
import dev.firn.fuse.Transport;
import java.util.Map;

/** The scenarios on a volume through the kernel's own protocol over /dev/fuse. */
class KernelPosixIT extends MountedPosixScenarios {
  @Override
  Transport transport() {
    return TestTransports.overDevice();
  }

  @Override
  Map<String, String> exceptions() {
    return Map.of();
  }
}
