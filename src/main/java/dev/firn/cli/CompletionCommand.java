package dev.firn.cli;

import java.io.IOException;
import java.util.Map;
import picocli.AutoComplete;
import picocli.CommandLine.Command;

/** {@code firn completion}. */
@Command(
    name = "completion",
    description = "Print a script that completes commands in bash and zsh.",
    footer = {"Example:", "  source <(firn completion)"})
final class CompletionCommand extends ClientCommand {
  @Override
  void run(Session session) throws IOException {
    RootCommand root = new RootCommand(session.output(), session.errors(), Map.of());
    session.output().print(AutoComplete.bash("firn", FirnCommandLine.create(root)));
  }
}
