package dev.firn.cli;

import picocli.CommandLine.Command;

/** {@code firn account}. */
@Command(
    name = "account",
    description = "Make and list the accounts of the home.",
    footer = {"Example:", "  firn account create north"},
    subcommands = {AccountCreateCommand.class, AccountListCommand.class})
final class AccountCommand extends CommandGroup {}
