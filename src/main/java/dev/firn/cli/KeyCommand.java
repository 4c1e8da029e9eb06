package dev.firn.cli;

import picocli.CommandLine.Command;

/** {@code firn key}. */
@Command(
    name = "key",
    description =
        "Make, list and delete the access keys of an account, which sign requests to the HTTP API.",
    footer = {"Example:", "  firn key create --account 123456789012 --json"},
    subcommands = {KeyCreateCommand.class, KeyListCommand.class, KeyDeleteCommand.class})
final class KeyCommand extends CommandGroup {}
