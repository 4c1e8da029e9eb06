package dev.firn.cli;

import dev.firn.base.FirnException;
import dev.firn.server.ApiClient;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code firn account login}. */
@Command(
    name = "login",
    description = {
      "Set an account's email and password, with which the API's actions on access keys may be",
      "called. The password is asked for, or is the first line of the standard input."
    },
    footer = {"Example:", "  firn account login --account 123456789012 --email north@example.com"})
final class AccountLoginCommand extends AccountClientCommand {
  @ArgGroup(multiplicity = "1")
  private Choice choice;

  /** One of these. */
  private static final class Choice {
    @Option(
        names = "--email",
        paramLabel = "EMAIL",
        required = true,
        description = "The email, which no other account has.")
    private String email;

    @Option(names = "--remove", required = true, description = "Take email and password away.")
    private boolean remove;
  }

  @Override
  void run(Session session) throws IOException {
    if (choice.remove) {
      session.call("RemoveLogin", ApiClient.parameters());
      return;
    }
    session.call(
        "SetLogin", ApiClient.parameters().put("email", choice.email).put("password", password()));
  }

  private static String password() throws IOException {
    Console console = System.console();
    if (console == null) {
      // Not closed: it is the process's.
      BufferedReader input =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      String line = input.readLine();
      if (line == null) {
        throw FirnException.usage("the standard input has no password: give one in its first line");
      }
      return line;
    }
    char[] first = console.readPassword("Password: ");
    char[] again = console.readPassword("Again: ");
    if (first == null || !Arrays.equals(first, again)) {
      throw FirnException.usage("the two passwords are not the same: try again");
    }
    return new String(first);
  }
}
