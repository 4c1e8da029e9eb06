package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.base.FirnException;
import dev.firn.daemon.HomePaths;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.util.Optional;
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
  @Override
  void run(Session session) throws IOException {
    if (!session.client().isServed()) {
      session.errors().printf("firn: no daemon runs for the home '%s'%n", session.home());
      return;
    }
    JsonNode stopping = session.client().call("Stop", ApiClient.parameters());
    long pid = stopping.path("pid").asLong();
    Optional<ProcessHandle> process = ProcessHandle.of(pid);
    process.ifPresent(running -> running.onExit().join());
    if (HomePaths.socket(session.home()).toFile().exists()) {
      throw FirnException.failed(
          "the daemon (pid %d) did not end in order; see '%s'",
          pid, HomePaths.log(session.home()).resolve("daemon.log"));
    }
    session.printedAsJson(stopping);
  }
}
