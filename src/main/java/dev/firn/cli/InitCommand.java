package dev.firn.cli;

import dev.firn.region.Region;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code firn init}. */
@Command(
    name = "init",
    description = "Make a home for a Region with a name of your own.",
    footer = {"Example:", "  firn init --region paris-1 --subregion paris-1a --subregion paris-1b"})
final class InitCommand extends ClientCommand {
  @Option(
      names = "--region",
      paramLabel = "NAME",
      defaultValue = "local-1",
      description = "The Region's name (default: ${DEFAULT-VALUE}).")
  private String region;

  @Option(
      names = "--subregion",
      paramLabel = "NAME",
      arity = "1..*",
      description = "Its Subregions; volumes go to the first by default (default: REGIONa).")
  private List<String> subregions;

  @Override
  void run(Session session) throws IOException {
    List<String> names = subregions == null ? List.of(region + "a") : subregions;
    Region.init(session.home(), region, names);
  }
}
