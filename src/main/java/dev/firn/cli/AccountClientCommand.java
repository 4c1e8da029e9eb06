package dev.firn.cli;

import picocli.CommandLine.Option;

/** What commands have in common that speak for an account. */
abstract class AccountClientCommand extends ClientCommand {
  @Option(
      names = "--account",
      paramLabel = "ID",
      order = 100,
      description = "Act as this account (default: $FIRN_ACCOUNT, or the home's owner).")
  private String account;

  @Override
  String account() {
    return account;
  }
}
