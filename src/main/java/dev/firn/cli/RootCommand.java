package dev.firn.cli;

import dev.firn.daemon.Version;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code firn} itself: the options all commands share, and the list of commands. */
@Command(
    name = "firn",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = RootCommand.Versions.class,
    sortOptions = false,
    synopsisSubcommandLabel = "COMMAND",
    description = "Cloud-style volumes and browsable snapshots, mounted as directories.",
    footerHeading = "%n",
    footer = {
      "Example:",
      "  firn volume create data --size 4G",
      "  firn mount data /mnt/data",
      "  firn snapshot create data --name first"
    },
    subcommands = {
      InitCommand.class,
      RegionCommand.class,
      VolumeCommand.class,
      MountCommand.class,
      UnmountCommand.class,
      AttachCommand.class,
      DetachCommand.class,
      SnapshotCommand.class,
      TagCommand.class,
      DiffCommand.class,
      RollbackCommand.class,
      ExportCommand.class,
      ImportCommand.class,
      PackCommand.class,
      PresignCommand.class,
      ImageCommand.class,
      TaskCommand.class,
      DiskUseCommand.class,
      GcCommand.class,
      ScrubCommand.class,
      CheckCommand.class,
      AccountCommand.class,
      KeyCommand.class,
      QuotaCommand.class,
      ServeCommand.class,
      DaemonCommand.class,
      DoctorCommand.class,
      CompletionCommand.class,
      VersionCommand.class
    })
final class RootCommand implements Callable<Integer> {
  private final PrintStream output;
  private final PrintStream errors;
  private final Map<String, String> environment;

  @Spec private CommandSpec spec;

  @Option(
      names = "--home",
      paramLabel = "DIR",
      scope = ScopeType.INHERIT,
      description = "The Region's directory (default: $FIRN_HOME, or a directory of the user's).")
  private Path home;

  @Option(names = "--json", scope = ScopeType.INHERIT, description = "Print results as JSON.")
  private boolean json;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Print the stack trace of a failure.")
  private boolean debug;

  RootCommand(PrintStream output, PrintStream errors, Map<String, String> environment) {
    this.output = output;
    this.errors = errors;
    this.environment = environment;
  }

  /** Without a command there is nothing to do. */
  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "say which command");
  }

  PrintStream errors() {
    return errors;
  }

  boolean isDebug() {
    return debug;
  }

  /**
   * @param account the one to act as; null: as the environment says
   */
  Session session(String account) {
    return new Session(
        HomeChoice.of(home, environment),
        json,
        debug,
        account != null ? account : environment.get("FIRN_ACCOUNT"),
        output,
        errors,
        environment);
  }

  /** Answers {@code --version}. */
  static final class Versions implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"firn " + Version.text()};
    }
  }
}
