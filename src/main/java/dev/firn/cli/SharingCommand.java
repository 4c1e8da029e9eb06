package dev.firn.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.FirnException;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What changes with whom a snapshot or an image is shared. */
abstract class SharingCommand extends ClientCommand {
  /** With whom an image is. */
  abstract static class OfImage extends SharingCommand {
    @Parameters(paramLabel = "IMAGE", description = "An image's id.")
    private String image;

    OfImage(String action) {
      super(action, "image");
    }

    @Override
    String reference() {
      return image;
    }
  }

  /** With whom a snapshot is. */
  abstract static class OfSnapshot extends SharingCommand {
    @Parameters(
        paramLabel = "SNAPSHOT",
        description = "An id, a name, VOLUME@NAME, VOLUME@last or VOLUME@-2.")
    private String snapshot;

    OfSnapshot(String action) {
      super(action, "snapshot");
    }

    @Override
    String reference() {
      return snapshot;
    }
  }

  @Option(
      names = "--account",
      paramLabel = "ID",
      arity = "1..*",
      description = "An account that is meant; may be repeated.")
  private List<String> accounts = List.of();

  @Option(names = "--all", description = "All accounts of the Region are meant.")
  private boolean everybody;

  private final String action;
  private final String kind;

  private SharingCommand(String action, String kind) {
    this.action = action;
    this.kind = kind;
  }

  @Override
  void run(Session session) throws IOException {
    if (accounts.isEmpty() && !everybody) {
      throw FirnException.usage("say which accounts are meant: --account ID or --all");
    }
    ObjectNode parameters =
        ApiClient.parameters().put(kind, reference()).put("everybody", everybody);
    accounts.forEach(parameters.putArray("accounts")::add);
    session.printedAsJson(session.call(action, parameters));
  }

  abstract String reference();
}
