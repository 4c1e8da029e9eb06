package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.base.FirnException;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code firn volume create}. */
@Command(
    name = "create",
    description = "Make a volume, empty or from a snapshot, and print its id.",
    footer = {
      "Example:",
      "  firn volume create data --size 4G",
      "  firn volume create copy --from data@last",
      "  firn volume create db --kind block --size 20G"
    })
final class VolumeCreateCommand extends AccountClientCommand {
  @Parameters(paramLabel = "NAME", description = "A name no other volume has.")
  private String name;

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      description = "Such as 512M, 4G or 1T; with --from the default is the snapshot's.")
  private Long sizeBytes;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      description = {
        "filesystem (the default): a directory for files;",
        "block: one raw disk, as the file disk.raw when it is mounted, or a device by 'firn attach'."
      })
  private String kind;

  @Option(names = "--from", paramLabel = "SNAPSHOT", description = "Start with its contents.")
  private String sourceSnapshot;

  @Option(
      names = "--subregion",
      paramLabel = "NAME",
      description = "Where its data goes (default: the Region's first Subregion).")
  private String subregion;

  @Option(
      names = "--compression",
      paramLabel = "HOW",
      description = "lz4 (the default), zstd or none.")
  private String compression;

  @Override
  void run(Session session) throws IOException {
    if (sizeBytes == null && sourceSnapshot == null) {
      throw FirnException.usage(
          "the volume '%s' needs a size or a snapshot to start from: give --size or --from", name);
    }
    JsonNode volume =
        session.call(
            "CreateVolume",
            ApiClient.parameters()
                .put("name", name)
                .put("kind", kind)
                .put("sizeBytes", sizeBytes)
                .put("sourceSnapshot", sourceSnapshot)
                .put("subregion", subregion)
                .put("compression", compression));
    if (!session.printedAsJson(volume)) {
      session.output().println(Text.of(volume, "id"));
    }
  }
}
