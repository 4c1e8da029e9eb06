package dev.firn.fuse;

import dev.firn.base.FirnException;
import dev.firn.fuse.jnr.JnrFuseTransport;
import dev.firn.fuse.kernel.KernelTransport;

/** The transports there are, by name. */
public final class Transports {
  private Transports() {}

  /** The transport with this name; USAGE when there is none. */
  public static Transport named(String name) {
    return switch (name) {
      case KernelTransport.NAME -> new KernelTransport();
      case JnrFuseTransport.NAME -> new JnrFuseTransport();
      default ->
          throw FirnException.usage(
              "no transport is named '%s'; there are '%s' and '%s'",
              name, KernelTransport.NAME, JnrFuseTransport.NAME);
    };
  }
}
