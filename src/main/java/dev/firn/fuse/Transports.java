package dev.firn.fuse;

import dev.firn.base.FirnException;
import dev.firn.fuse.jnr.JnrFuseTransport;

/** The transports there are, by name. */
public final class Transports {
  private Transports() {}

  /** The transport with this name; USAGE when there is none. */
  public static Transport named(String name) {
    if (name.equals(JnrFuseTransport.NAME)) {
      return new JnrFuseTransport();
    }
    throw FirnException.usage(
        "no transport is named '%s': the only one is '%s'", name, JnrFuseTransport.NAME);
  }
}
