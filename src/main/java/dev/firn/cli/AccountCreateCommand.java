package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn account create}. */
@Command(
    name = "create",
    description = "Make an account, and print its id of 12 digits.",
    footer = {"Example:", "  firn account create north"})
final class AccountCreateCommand extends ClientCommand {
  @Parameters(paramLabel = "NAME", description = "A name no other account has.")
  private String name;

  @Override
  void run(Session session) throws IOException {
    JsonNode account = session.call("CreateAccount", ApiClient.parameters().put("name", name));
    if (!session.printedAsJson(account)) {
      session.output().println(Text.of(account, "id"));
    }
  }
}
