package dev.firn.cli;

import picocli.CommandLine.Command;

/** {@code firn snapshot share}; speaks for {@code FIRN_ACCOUNT}, since its option means others. */
@Command(
    name = "share",
    description = {
      "Let other accounts use a snapshot: make volumes and images of it, and copy it.",
      "Nobody but its owner changes or deletes it.",
      "To do it as another account than the home's owner, set FIRN_ACCOUNT."
    },
    footer = {"Example:", "  firn snapshot share data@first --account 123456789012"})
final class SnapshotShareCommand extends SharingCommand.OfSnapshot {
  SnapshotShareCommand() {
    super("ShareSnapshot");
  }
}
