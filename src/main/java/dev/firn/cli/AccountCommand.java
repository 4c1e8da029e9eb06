package dev.firn.cli;

import picocli.CommandLine.Command;

/** {@code firn account}. */
@Command(
    name = "account",
    description = "Make and list the accounts of the home, and how they prove who they are.",
    footer = {"Example:", "  firn account create north"},
    subcommands = {AccountCreateCommand.class, AccountListCommand.class, AccountLoginCommand.class})
final class AccountCommand extends CommandGroup {}
