package dev.firn.cli;

import picocli.CommandLine.Command;

/** {@code firn region}. */
@Command(
    name = "region",
    description = "Show the Region.",
    footer = {"Example:", "  firn region show"},
    subcommands = RegionShowCommand.class)
final class RegionCommand extends CommandGroup {}
