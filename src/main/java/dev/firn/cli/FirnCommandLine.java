package dev.firn.cli;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.server.Failure;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Parses a command line, runs it, and turns what goes wrong into one line and an exit status. */
final class FirnCommandLine {
  private static final int HELP_COLUMNS = 100;

  private FirnCommandLine() {}

  /** Runs a command; answers its exit status. */
  static int run(
      PrintStream output,
      PrintStream errors,
      Map<String, String> environment,
      String... arguments) {
    RootCommand root = new RootCommand(output, errors, environment);
    CommandLine commandLine = create(root);
    PrintWriter outputWriter = new PrintWriter(output, false, StandardCharsets.UTF_8);
    PrintWriter errorWriter = new PrintWriter(errors, false, StandardCharsets.UTF_8);
    commandLine.setOut(outputWriter).setErr(errorWriter);
    int status = commandLine.execute(arguments);
    outputWriter.flush();
    errorWriter.flush();
    return status;
  }

  static CommandLine create(RootCommand root) {
    CommandLine commandLine = new CommandLine(root);
    // A negative size is a wrong size, not an unknown option.
    commandLine
        .getSubcommands()
        .get("volume")
        .getSubcommands()
        .get("resize")
        .setUnmatchedOptionsArePositionalParams(true);
    return commandLine
        .setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF))
        .setUsageHelpWidth(HELP_COLUMNS)
        .setExpandAtFiles(false)
        .setParameterExceptionHandler((thrown, arguments) -> usageError(root, thrown))
        .setExecutionExceptionHandler((thrown, line, result) -> failure(root, thrown));
  }

  private static int usageError(RootCommand root, ParameterException thrown) {
    CommandLine command = thrown.getCommandLine();
    String message = thrown.getMessage();
    if (thrown instanceof UnmatchedArgumentException unmatched
        && command.getCommandSpec().parent() == null
        && !unmatched.getUnmatched().get(0).startsWith("-")) {
      message = "there is no command '" + unmatched.getUnmatched().get(0) + "'";
    }
    root.errors()
        .printf(
            "firn: %s; see '%s --help'%n",
            oneLine(message), command.getCommandSpec().qualifiedName());
    trace(root, thrown);
    return ErrorKind.USAGE.exitStatus();
  }

  private static int failure(RootCommand root, Exception thrown) {
    if (thrown instanceof FirnException told) {
      root.errors().println("firn: " + oneLine(told.getMessage()));
      trace(root, thrown);
      return told.kind().exitStatus();
    }
    Failure failure = Failure.of(thrown);
    root.errors().println("firn: " + failure.message());
    trace(root, thrown);
    return failure.kind().exitStatus();
  }

  private static void trace(RootCommand root, Exception thrown) {
    if (root.isDebug()) {
      thrown.printStackTrace(root.errors());
    }
  }

  private static String oneLine(String message) {
    return message.replaceAll("\\s*\\R\\s*", " ");
  }
}
