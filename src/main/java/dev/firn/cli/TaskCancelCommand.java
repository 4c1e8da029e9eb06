package dev.firn.cli;

import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn task cancel}. */
@Command(
    name = "cancel",
    description = {"End an export to a bucket; nothing of it stays there."},
    footer = {"Example:", "  firn task cancel snap-export-0123abcd"})
final class TaskCancelCommand extends AccountClientCommand {
  @Parameters(paramLabel = "TASK", description = "A task's id.")
  private String task;

  @Override
  void run(Session session) throws IOException {
    session.printedAsJson(
        session.call("CancelExportTask", ApiClient.parameters().put("task", task)));
  }
}
