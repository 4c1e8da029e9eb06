package dev.firn.fuse.kernel;

import dev.firn.fuse.FuseDevice;
import dev.firn.fuse.Mount;
import dev.firn.fuse.MountOptions;
import dev.firn.fuse.MountPoint;
import dev.firn.fuse.Transport;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Path;

/** Serves file systems by speaking the FUSE protocol itself. Needs no library. */
public final class KernelTransport implements Transport {
  public static final String NAME = "kernel";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Mount mount(FileSystem fileSystem, Path directory, MountOptions options)
      throws IOException {
    KernelOptions parsed = new KernelOptions(options, MountPoint.isRoot());
    Path place = MountPoint.prepare(directory);
    FuseDevice.require(directory);
    return KernelMount.start(fileSystem, place, parsed);
  }
}
