package dev.firn.fuse.barrier;

import dev.firn.fuse.Posix;
import dev.firn.fuse.TestMount;

/** A snapshot as its mounted volume shows it. */
record Image(TestMount mount, String name) {
  byte[] path(String file) {
    return mount.path(".snapshots/", name, "/", file);
  }

  byte[] read(String file) {
    return Posix.read(path(file));
  }
}
