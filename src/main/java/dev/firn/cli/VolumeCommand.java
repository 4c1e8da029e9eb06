package dev.firn.cli;

import picocli.CommandLine.Command;

/** {@code firn volume}. */
@Command(
    name = "volume",
    description = "Make, show and change volumes.",
    footer = {"Example:", "  firn volume create data --size 4G"},
    subcommands = {
      VolumeCreateCommand.class,
      VolumeListCommand.class,
      VolumeShowCommand.class,
      VolumeResizeCommand.class,
      VolumeRenameCommand.class,
      VolumeDeleteCommand.class
    })
final class VolumeCommand extends CommandGroup {}
