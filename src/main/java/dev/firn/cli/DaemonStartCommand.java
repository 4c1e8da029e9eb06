package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code firn daemon start}. */
@Command(
    name = "start",
    description = "Start the daemon unless it runs, restore its mounts, and print its process id.",
    footer = {"Example:", "  firn daemon start"})
final class DaemonStartCommand extends ClientCommand {
  @Override
  void run(Session session) throws IOException {
    JsonNode status = session.call("ReadStatus", ApiClient.parameters());
    if (!session.printedAsJson(status)) {
      session.output().println(Text.of(status, "pid"));
    }
    DaemonStatusCommand.warnOfProblems(session, status);
  }
}
