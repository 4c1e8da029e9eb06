package dev.firn.fuse.posix;

import dev.firn.fuse.Transport;
import dev.firn.fuse.jnr.JnrFuseTransport;
import java.util.Map;

/** The scenarios on a volume through libfuse 2. */
class JnrFusePosixIT extends MountedPosixScenarios {
  @Override
  Transport transport() {
    return new JnrFuseTransport();
  }

  @Override
  Map<String, String> exceptions() {
    return Map.of();
  }
}
