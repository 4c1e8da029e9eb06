package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.base.FirnException;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code firn daemon status}. */
@Command(
    name = "status",
    description = "Show whether the daemon runs (exit status 3 if not), and what is mounted.",
    footer = {"Example:", "  firn daemon status --json"})
final class DaemonStatusCommand extends ClientCommand {
  @Override
  void run(Session session) throws IOException {
    if (!session.client().isServed()) {
      throw FirnException.notFound(
          "no daemon runs for the home '%s'; it is started when needed, or by 'firn daemon start'",
          session.home());
    }
    JsonNode status = session.client().call("ReadStatus", ApiClient.parameters());
    if (!session.printedAsJson(status)) {
      print(session, status);
    }
    warnOfProblems(session, status);
  }

  /** Tells of mounts that could not be restored, and of volumes that cannot be written. */
  static void warnOfProblems(Session session, JsonNode status) {
    for (JsonNode attachment : status.path("attachments")) {
      if (attachment.hasNonNull("problem")) {
        session
            .errors()
            .printf(
                "firn: %s is not attached again: %s%n",
                Text.of(attachment, "volumeId"), Text.of(attachment, "problem"));
      }
    }
    for (JsonNode mount : status.path("mounts")) {
      String problem = Text.of(mount, "problem");
      if (problem != null && "mounted".equals(Text.of(mount, "state"))) {
        session.errors().printf("firn: %s%n", problem);
      } else if (problem != null) {
        session
            .errors()
            .printf(
                "firn: %s is not mounted at '%s' again: %s%n",
                Text.of(mount, "targetId"), Text.of(mount, "directory"), problem);
      }
    }
  }

  private static void printAttachments(Session session, JsonNode status) {
    if (status.path("attachments").isEmpty()) {
      return;
    }
    session.output().println();
    Table table = new Table("ID", "NAME", "ATTACHED AS", "STATE", "ITS FILES AT");
    for (JsonNode attachment : status.path("attachments")) {
      table.row(
          Text.of(attachment, "volumeId"),
          Text.of(attachment, "volumeName"),
          Text.of(attachment, "device"),
          Text.of(attachment, "state"),
          Text.of(attachment, "directory"));
    }
    table.print(session.output());
  }

  private static void print(Session session, JsonNode status) {
    Fields fields = new Fields();
    fields.add("Process id", Text.of(status, "pid"));
    fields.add("Home", Text.of(status, "home"));
    fields.add("Region", Text.of(status, "region"));
    fields.add("Version", Text.of(status, "version"));
    fields.add("Started", Text.time(status, "startedAt"));
    fields.print(session.output());
    printAttachments(session, status);
    if (status.path("mounts").isEmpty()) {
      return;
    }
    session.output().println();
    Table table = new Table("ID", "NAME", "MOUNTED AT", "STATE", "MODE", "TRANSPORT");
    for (JsonNode mount : status.path("mounts")) {
      table.row(
          Text.of(mount, "targetId"),
          Text.of(mount, "targetName"),
          Text.of(mount, "directory"),
          Text.of(mount, "state"),
          mount.path("readOnly").asBoolean() || mount.hasNonNull("problem")
              ? "read-only"
              : "read-write",
          Text.of(mount, "transport"));
    }
    table.print(session.output());
  }
}
