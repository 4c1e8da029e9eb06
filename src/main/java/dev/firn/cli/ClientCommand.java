package dev.firn.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What all commands have in common: they run in a session that the shared options describe. */
abstract class ClientCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public final Integer call() throws IOException {
    run(((RootCommand) spec.root().userObject()).session(account()));
    return 0;
  }

  /** The account to act as, as the command line says; null: as the environment says. */
  String account() {
    return null;
  }

  /** Does the command's work; a failure is thrown. */
  abstract void run(Session session) throws IOException;
}
