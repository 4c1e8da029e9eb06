package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.FirnException;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code firn mount}. */
@Command(
    name = "mount",
    description = {
      "Mount a volume, a snapshot or a package at an empty directory.",
      "The mount comes back when the daemon is started again, until it is unmounted; a package's"
          + " does not."
    },
    footer = {
      "Example:",
      "  firn mount data /mnt/data",
      "  firn mount data@first /mnt/first",
      "  firn mount ./first.firn /mnt/first",
      "  firn mount ./tuesday.firn /mnt/tuesday --base full.firn --base monday.firn"
    })
final class MountCommand extends AccountClientCommand {
  @Parameters(
      index = "0",
      paramLabel = "VOLUME|SNAPSHOT|FILE.firn",
      description = {
        "An id, a name, VOLUME@NAME, VOLUME@last or VOLUME@-2;",
        "or a package's file, with a slash in its name or .firn at its end."
      })
  private String target;

  @Parameters(index = "1", paramLabel = "DIR", description = "An empty directory.")
  private Path directory;

  @Option(
      names = "--base",
      paramLabel = "FILE.firn",
      description = {
        "A package that an incremental one needs; may be repeated:",
        "the full one first, then those that follow it, in order."
      })
  private List<Path> bases = List.of();

  @Option(names = "--read-only", description = "Refuse changes; snapshots always do.")
  private boolean readOnly;

  @Option(
      names = "--transport",
      paramLabel = "NAME",
      defaultValue = "kernel",
      description = "How to talk to the kernel (default: ${DEFAULT-VALUE}).")
  private String transport;

  @Option(
      names = "--show-snapshots",
      description = "List .snapshots among the files; it can be entered anyway.")
  private boolean showSnapshots;

  @Option(
      names = "-o",
      paramLabel = "FUSE_OPTION",
      split = ",",
      description = "An option for FUSE, such as allow_other; may be repeated.")
  private List<String> options = List.of();

  @Override
  void run(Session session) throws IOException {
    ObjectNode parameters =
        ApiClient.parameters()
            .put("target", target)
            .put("directory", absolute(directory))
            .put("readOnly", readOnly)
            .put("showSnapshots", showSnapshots)
            .put("transport", transport);
    String packageFile = packageFile();
    if (packageFile != null) {
      ArrayNode files = parameters.putArray("packageFiles");
      bases.forEach(base -> files.add(absolute(base)));
      files.add(packageFile);
    } else if (!bases.isEmpty()) {
      throw FirnException.usage("--base is for packages, and '%s' is none", target);
    }
    options.forEach(parameters.putArray("options")::add);
    JsonNode mount = session.call("Mount", parameters);
    session.printedAsJson(mount);
  }

  /** The package that is meant; null if it is a volume or a snapshot. */
  private String packageFile() {
    boolean named =
        target.contains("/")
            || target.endsWith(".firn") && (!bases.isEmpty() || Files.exists(Path.of(target)));
    return named ? absolute(Path.of(target)) : null;
  }

  private static String absolute(Path path) {
    return path.toAbsolutePath().normalize().toString();
  }
}
