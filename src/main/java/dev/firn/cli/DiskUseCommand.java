package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.base.Sizes;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code firn df}. */
@Command(
    name = "df",
    description = {
      "Tell how much of the disk each volume holds, and how much is left.",
      "FILES: the files' bytes. STORED: what these take on the disk, compressed, with metadata.",
      "EXCLUSIVE: what of it nothing else needs, snapshots and other volumes included.",
      "SNAPSHOTS ALONE: what deleting all of the volume's snapshots frees."
    },
    footer = {"Example:", "  firn df"})
final class DiskUseCommand extends ClientCommand {
  @Override
  void run(Session session) throws IOException {
    JsonNode use = session.call("ReadDiskUse", ApiClient.parameters());
    if (session.printedAsJson(use)) {
      return;
    }
    Table table =
        new Table(
            "VOLUME", " SIZE", " FILES", " STORED", " EXCLUSIVE", " SNAPSHOTS", " SNAPSHOTS ALONE");
    for (JsonNode volume : use.get("volumes")) {
      boolean deleted = volume.get("sizeBytes").isNull();
      table.row(
          Text.of(volume, "name") + (deleted ? " (deleted)" : ""),
          deleted ? null : Text.size(volume, "sizeBytes"),
          deleted ? null : Text.size(volume, "logicalBytes"),
          deleted ? null : Text.size(volume, "storedBytes"),
          deleted ? null : Text.size(volume, "exclusiveBytes"),
          Text.of(volume, "snapshots"),
          Text.size(volume, "snapshotBytes"));
    }
    table.print(session.output());
    long stored = use.path("storedBytes").asLong();
    long live = use.path("liveBytes").asLong();
    session
        .output()
        .printf(
            "%n%s on the disk, of which %s are needed%n", Sizes.format(stored), Sizes.format(live));
    for (JsonNode subregion : use.get("subregions")) {
      session
          .output()
          .printf(
              "%s: %s of %s free on its disk%n",
              Text.of(subregion, "name"),
              Text.size(subregion, "freeBytes"),
              Text.size(subregion, "diskBytes"));
    }
  }
}
