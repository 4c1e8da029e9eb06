package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code firn task list}. */
@Command(
    name = "list",
    description = {"List the exports to buckets, oldest first."},
    footer = {"Example:", "  firn task list"})
final class TaskListCommand extends AccountClientCommand {
  @Override
  void run(Session session) throws IOException {
    JsonNode tasks = session.call("ReadExportTasks", ApiClient.parameters()).get("tasks");
    if (session.printedAsJson(tasks)) {
      return;
    }
    Table table = new Table("ID", "OF", "TO", "STATE", " DONE", "CREATED", "COMMENT");
    for (JsonNode task : tasks) {
      table.row(
          Text.of(task, "id"),
          Text.of(task, "resourceId"),
          TaskShowCommand.target(task),
          Text.of(task, "state"),
          Text.of(task, "progress") + " %",
          Text.time(task, "createdAt"),
          Text.of(task, "comment"));
    }
    table.print(session.output());
  }
}
