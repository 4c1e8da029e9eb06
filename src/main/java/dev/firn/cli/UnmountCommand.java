package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.fuse.FuseConnection;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code firn umount}. */
@Command(
    name = "umount",
    description = "Write everything out, commit it, and unmount.",
    footer = {"Example:", "  firn umount /mnt/data", "  firn umount --force /mnt/data"})
final class UnmountCommand extends ClientCommand {
  @Parameters(paramLabel = "DIR", description = "Where a volume or snapshot is mounted.")
  private Path directory;

  @Option(
      names = "--force",
      description = {
        "Cut the mount off at once, whatever state the daemon is in: programs that wait for it get",
        "an error, and changes that the kernel has not handed over yet are lost."
      })
  private boolean force;

  @Override
  void run(Session session) throws IOException {
    if (force) {
      FuseConnection.cutOff(directory);
      if (session.client().isServed()) {
        // The daemon sees that the mount has ended, and forgets it; it may hang, so do not wait.
        session.printedAsJson(ApiClient.parameters());
        return;
      }
      // Nobody serves it: a daemon that starts restores the mount, and takes it away in order.
    }
    JsonNode nothing =
        session.call(
            "Unmount",
            ApiClient.parameters()
                .put("directory", directory.toAbsolutePath().normalize().toString()));
    session.printedAsJson(nothing);
  }
}
