package dev.firn.fuse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * A process that mounts a directory, and has a thread that waits for its own answer, which never
 * comes. Arguments: the transport, the directory, mount options.
 */
final class SelfAskingProcess {
  private SelfAskingProcess() {}

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[1]);
    List<String> options = List.of(arguments).subList(2, arguments.length);
    CountDownLatch never = new CountDownLatch(1);
    Transports.named(arguments[0])
        .mount(
            HookedFileSystem.with(
                method -> {
                  if (method.equals("makeDirectory")) {
                    System.out.println("asked");
                    never.await();
                  }
                }),
            directory,
            new MountOptions("firn-test", false, options));
    Files.createDirectory(directory.resolve("made"));
  }
}
