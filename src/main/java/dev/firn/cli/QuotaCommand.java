package dev.firn.cli;

import picocli.CommandLine.Command;

/** {@code firn quota}. */
@Command(
    name = "quota",
    description = "Show and set how much an account may have.",
    footer = {"Example:", "  firn quota show --account 123456789012"},
    subcommands = {QuotaShowCommand.class, QuotaSetCommand.class})
final class QuotaCommand extends CommandGroup {}
