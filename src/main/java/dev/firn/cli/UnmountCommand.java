package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn umount}. */
@Command(
    name = "umount",
    description = "Write everything out, commit it, and unmount.",
    footer = {"Example:", "  firn umount /mnt/data"})
final class UnmountCommand extends ClientCommand {
  @Parameters(paramLabel = "DIR", description = "Where a volume or snapshot is mounted.")
  private Path directory;

  @Override
  void run(Session session) throws IOException {
    JsonNode nothing =
        session.call(
            "Unmount",
            ApiClient.parameters()
                .put("directory", directory.toAbsolutePath().normalize().toString()));
    session.printedAsJson(nothing);
  }
}
