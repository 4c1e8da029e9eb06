package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code firn attach}. */
@Command(
    name = "attach",
    description = {
      "Make a block volume a device, and print the device's name.",
      "It comes back when the daemon is started again, until it is detached. Needs root."
    },
    footer = {"Example:", "  firn attach db", "  firn attach db --fs ext4 --at /srv/db"})
final class AttachCommand extends ClientCommand {
  @Parameters(paramLabel = "VOLUME", description = "An id or a name.")
  private String volume;

  @Option(
      names = "--fs",
      paramLabel = "TYPE",
      description = "ext4 or xfs: make such a file system if nothing was ever written to it.")
  private String fileSystem;

  @Option(
      names = "--at",
      paramLabel = "DIR",
      description = "Mount the file system on it at an empty directory.")
  private Path directory;

  @Override
  void run(Session session) throws IOException {
    ObjectNode parameters =
        ApiClient.parameters().put("volume", volume).put("fileSystem", fileSystem);
    if (directory != null) {
      parameters.put("directory", directory.toAbsolutePath().normalize().toString());
    }
    JsonNode attachment = session.call("AttachVolume", parameters);
    if (!session.printedAsJson(attachment)) {
      session.output().println(Text.of(attachment, "device"));
    }
  }
}
