package dev.firn.fuse;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process of its own that serves a mount. */
final class ServingProcess {
  private ServingProcess() {}

  /**
   * Starts it; its errors come to ours.
   *
   * @param program takes the transport, the directory, and mount options
   */
  static Process start(Class<?> program, Transport transport, Path directory) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                program.getName(),
                transport.name(),
                directory.toString()));
    command.addAll(TestTransports.options(transport));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }
}
