package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.base.FirnException;
import dev.firn.daemon.HomePaths;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code firn daemon stop}. */
@Command(
    name = "stop",
    description = {
      "Unmount everything, make it durable, and end the daemon.",
      "The mounts come back when the daemon is started again."
    },
    footer = {"Example:", "  firn daemon stop"})
final class DaemonStopCommand extends ClientCommand {
  private static final int POLL_MILLIS = 10;

  @Override
  void run(Session session) throws IOException {
    if (!session.client().isServed()) {
      session.errors().printf("firn: no daemon runs for the home '%s'%n", session.home());
      return;
    }
    JsonNode stopping = session.client().call("Stop", ApiClient.parameters());
    awaitEnd(new DaemonProcess(stopping.path("pid").asLong()));
    if (!stopping.path("durable").asBoolean()) {
      throw FirnException.failed(
          "the daemon has ended, but not everything could be made durable; see '%s'",
          HomePaths.log(session.home()).resolve("daemon.log"));
    }
    session.printedAsJson(stopping);
  }

  private static void awaitEnd(DaemonProcess daemon) {
    // ProcessHandle.onExit would do, but looks only every second or so.
    while (daemon.isRunning()) {
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        throw FirnException.failed(
            "interrupted while the daemon (pid %d) was ending", daemon.pid());
      }
    }
  }
}
