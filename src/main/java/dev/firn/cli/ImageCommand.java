package dev.firn.cli;

import picocli.CommandLine.Command;

/** {@code firn image}. */
@Command(
    name = "image",
    description = "Make, share, copy, export and import machine images.",
    footer = {"Example:", "  firn image create debian-12 --disk /dev/sda1=debian@last"},
    subcommands = {
      ImageCreateCommand.class,
      ImageListCommand.class,
      ImageShowCommand.class,
      ImageShareCommand.class,
      ImageUnshareCommand.class,
      ImageCopyCommand.class,
      ImageExportCommand.class,
      ImageImportCommand.class,
      ImageDeleteCommand.class
    })
final class ImageCommand extends CommandGroup {}
