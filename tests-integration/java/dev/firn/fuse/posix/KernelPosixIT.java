package dev.firn.fuse.posix;

import dev.firn.fuse.Transport;
import dev.firn.fuse.kernel.KernelTransport;
import java.util.Map;

/** The scenarios on a volume through the kernel's own protocol. */
class KernelPosixIT extends MountedPosixScenarios {
  @Override
  Transport transport() {
    return new KernelTransport();
  }

  @Override
  Map<String, String> exceptions() {
    return Map.of();
  }
}
