package dev.firn.fuse;

import java.nio.file.Path;
import java.util.List;

/**
 * A process that mounts a directory and waits for a signal. Arguments: the transport, the
 * directory, mount options.
 */
final class MountingProcess {
  private MountingProcess() {}

  public static void main(String[] arguments) throws Exception {
    List<String> options = List.of(arguments).subList(2, arguments.length);
    MemoryFileSystem fileSystem = new MemoryFileSystem();
    Mount mount =
        Transports.named(arguments[0])
            .mount(
                fileSystem, Path.of(arguments[1]), new MountOptions("firn-test", false, options));
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  mount.unmount();
                  System.out.println("unmounted, syncs " + fileSystem.syncs());
                }));
    System.out.println("mounted");
    Thread.sleep(Long.MAX_VALUE);
  }
}
