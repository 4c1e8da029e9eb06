package dev.firn.fuse.kernel;

import dev.firn.fuse.FuseDevice;
import dev.firn.fuse.Mount;
import dev.firn.fuse.MountOptions;
import dev.firn.fuse.MountPoint;
import dev.firn.fuse.Transport;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

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

  /**
   * Asks the kernel, with a mount that is gone again at once.
   *
   * @param directory an empty one
   * @throws dev.firn.base.FirnException if this process cannot mount, saying why
   */
  public static KernelOffer offer(Path directory) throws IOException {
    boolean root = MountPoint.isRoot();
    KernelOptions options =
        new KernelOptions(new MountOptions("firn-doctor", true, List.of("no_allow_other")), root);
    Path place = MountPoint.prepare(directory);
    FuseDevice.require(directory);
    Device device = Mounter.mount(place, options);
    Request init = new Request(Session.IN_BYTES, 0);
    try {
      if (!device.receive(init) || init.opcode() != Opcode.INIT) {
        throw new IOException("the kernel did not begin with INIT");
      }
      return Negotiation.offered(init);
    } finally {
      init.free();
      device.close();
      MountPoint.unmountLazily(place);
    }
  }

  /** Why this process may not have an io_uring; nothing if it may. */
  public static Optional<String> ringRefusal() {
    int wake = LinuxCalls.LIBC.eventfd(0, LinuxCalls.O_CLOEXEC);
    try {
      IoUring.open(1, 1, wake).close();
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(e.getMessage());
    } finally {
      LinuxCalls.LIBC.close(wake);
    }
  }

  /** Why a killed process may not end, since its mounts have no guard; nothing if they have one. */
  public static Optional<String> guardRefusal() {
    return Guard.refusal();
  }
}
