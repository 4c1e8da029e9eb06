package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.base.FirnException;
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
      boolean cutOff = FuseConnection.cutOff(directory);
      if (session.client().isServed()) {
        // The daemon sees that the mount has ended, and forgets it; it may hang, so do not wait.
        sayWhoStillWaits(session, cutOff);
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

  private void sayWhoStillWaits(Session session, boolean cutOff) throws IOException {
    DaemonProcess daemon = DaemonProcess.of(session.home()).orElseThrow();
    if (!cutOff) {
      throw FirnException.failed(
          "cannot cut off '%s': a user needs fusectl for that; as root:"
              + " mount -t fusectl none %s; or end the daemon: kill -KILL %d",
          directory, FuseConnection.CONNECTIONS, daemon.pid());
    }
    // Over io_uring the thread that a request goes to copies it; only then can it be given up.
    if (daemon.isStopped()) {
      session
          .errors()
          .printf(
              "firn: warning: '%s' is cut off, but its daemon is stopped, and who had just asked it"
                  + " over io_uring waits until it goes on or ends: kill -CONT %d, or kill -KILL"
                  + " %d%n",
              directory, daemon.pid(), daemon.pid());
    }
  }
}
