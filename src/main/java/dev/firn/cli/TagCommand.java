package dev.firn.cli;

import picocli.CommandLine.Command;

/** {@code firn tag}. */
@Command(
    name = "tag",
    description = "Set and remove tags of volumes and snapshots.",
    footer = {"Example:", "  firn tag set data stage=test"},
    subcommands = {TagSetCommand.class, TagRemoveCommand.class})
final class TagCommand extends CommandGroup {}
