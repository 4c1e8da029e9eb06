package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn task show}. */
@Command(
    name = "show",
    description = {"Show an export to a bucket."},
    footer = {"Example:", "  firn task show snap-export-0123abcd"})
final class TaskShowCommand extends AccountClientCommand {
  @Parameters(paramLabel = "TASK", description = "A task's id.")
  private String task;

  @Override
  void run(Session session) throws IOException {
    JsonNode shown = session.call("ReadExportTask", ApiClient.parameters().put("task", task));
    if (session.printedAsJson(shown)) {
      return;
    }
    Fields fields = new Fields();
    fields.add("Id", Text.of(shown, "id"));
    fields.add("Of", Text.of(shown, "resourceId"));
    fields.add("To", target(shown));
    fields.add("Format", Text.of(shown.path("target"), "diskFormat"));
    fields.add("State", Text.of(shown, "state"));
    fields.add("Progress", Text.of(shown, "progress") + " %");
    fields.add("Comment", Text.of(shown, "comment"));
    fields.add("Manifest", Text.of(shown, "manifestUrl"));
    fields.add("Created", Text.time(shown, "createdAt"));
    fields.add("Ended", Text.time(shown, "endedAt"));
    fields.print(session.output());
  }

  static String target(JsonNode task) {
    return "s3://"
        + Text.of(task.path("target"), "bucket")
        + "/"
        + Text.of(task.path("target"), "prefix");
  }
}
