package dev.firn.cli;

import picocli.CommandLine.Command;

/** {@code firn snapshot}. */
@Command(
    name = "snapshot",
    description = "Take, show, share, copy and delete snapshots.",
    footer = {"Example:", "  firn snapshot create data --name first"},
    subcommands = {
      SnapshotCreateCommand.class,
      SnapshotListCommand.class,
      SnapshotShowCommand.class,
      SnapshotSpaceCommand.class,
      SnapshotShareCommand.class,
      SnapshotUnshareCommand.class,
      SnapshotCopyCommand.class,
      SnapshotDeleteCommand.class
    })
final class SnapshotCommand extends CommandGroup {}
