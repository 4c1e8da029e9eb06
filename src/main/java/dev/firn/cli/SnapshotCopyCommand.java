package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.base.FirnException;
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
      "The copy takes no space, belongs to who made it, and outlives what it was made of.",
      "To another Region it goes through a bucket, and tells only what an earlier copy there",
      "does not have; one that broke off goes on when the same command is run again."
    },
    footer = {
      "Example:",
      "  firn snapshot copy snap-0123abcd --account 123456789012",
      "  firn snapshot copy data@last --to-region south-1"
    })
final class SnapshotCopyCommand extends AccountClientCommand {
  @Parameters(
      paramLabel = "SNAPSHOT",
      description = "An id, a name, VOLUME@NAME, VOLUME@last or VOLUME@-2.")
  private String snapshot;

  @Option(names = "--name", paramLabel = "NAME", description = "A name for the copy.")
  private String name;

  @Option(names = "--description", paramLabel = "TEXT", description = "Free text.")
  private String description;

  @Option(
      names = "--to-region",
      paramLabel = "REGION",
      description = "Another Region, one of the home's firn.properties.")
  private String region;

  @Override
  void run(Session session) throws IOException {
    if (region != null) {
      copyToRegion(session);
      return;
    }
    JsonNode copy =
        session.call(
            "CopySnapshot",
            ApiClient.parameters()
                .put("snapshot", snapshot)
                .put("name", name)
                .put("description", description));
    session.printId(copy);
  }

  private void copyToRegion(Session session) throws IOException {
    if (name != null || description != null) {
      throw FirnException.usage(
          "a copy in another Region has no name, and the description of its source");
    }
    JsonNode copied;
    try (ProgressDisplay progress = new ProgressDisplay("Copying")) {
      copied =
          session.work(
              "CopySnapshotToRegion",
              ApiClient.parameters().put("snapshot", snapshot).put("region", region),
              progress);
    }
    if (!session.printedAsJson(copied)) {
      session.output().println(Text.of(copied, "snapshotId"));
    }
  }
}
