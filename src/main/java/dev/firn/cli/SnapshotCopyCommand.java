package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code firn snapshot copy}. */
@Command(
    name = "copy",
    description = {
      "Copy a snapshot, one's own or one that is shared, and print the copy's id.",
      "The copy takes no space, belongs to who made it, and outlives what it was made of."
    },
    footer = {"Example:", "  firn snapshot copy snap-0123abcd --account 123456789012"})
final class SnapshotCopyCommand extends AccountClientCommand {
  @Parameters(
      paramLabel = "SNAPSHOT",
      description = "An id, a name, VOLUME@NAME, VOLUME@last or VOLUME@-2.")
  private String snapshot;

  @Option(names = "--name", paramLabel = "NAME", description = "A name for the copy.")
  private String name;

  @Option(names = "--description", paramLabel = "TEXT", description = "Free text.")
  private String description;

  @Override
  void run(Session session) throws IOException {
    JsonNode copy =
        session.call(
            "CopySnapshot",
            ApiClient.parameters()
                .put("snapshot", snapshot)
                .put("name", name)
                .put("description", description));
    if (!session.printedAsJson(copy)) {
      session.output().println(Text.of(copy, "id"));
    }
  }
}
