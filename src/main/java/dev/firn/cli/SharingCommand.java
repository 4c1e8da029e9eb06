package dev.firn.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.FirnException;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Option;

/** What changes with whom a snapshot or an image is shared. */
abstract class SharingCommand extends ClientCommand {
  @Option(
      names = "--account",
      paramLabel = "ID",
      arity = "1..*",
      description = "An account that is meant; may be repeated.")
  private List<String> accounts = List.of();

  @Option(names = "--all", description = "All accounts of the Region are meant.")
  private boolean everybody;

  @Override
  void run(Session session) throws IOException {
    if (accounts.isEmpty() && !everybody) {
      throw FirnException.usage("say which accounts are meant: --account ID or --all");
    }
    ObjectNode parameters =
        ApiClient.parameters().put(kind(), reference()).put("everybody", everybody);
    accounts.forEach(parameters.putArray("accounts")::add);
    session.printedAsJson(session.call(action(), parameters));
  }

  abstract String action();

  /** What is shared: {@code snapshot} or {@code image}. */
  abstract String kind();

  abstract String reference();
}
