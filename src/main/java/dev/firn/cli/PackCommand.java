package dev.firn.cli;

import picocli.CommandLine.Command;

/** {@code firn pack}. */
@Command(
    name = "pack",
    description = "Work with packages and the keys they are signed with; needs no home.",
    footer = {"Example:", "  firn pack merge all.firn monday.firn tuesday.firn"},
    subcommands = {PackMergeCommand.class, PackKeygenCommand.class})
final class PackCommand extends CommandGroup {}
