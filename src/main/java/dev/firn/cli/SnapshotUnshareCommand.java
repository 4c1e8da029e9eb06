package dev.firn.cli;

import picocli.CommandLine.Command;

/**
 * {@code firn snapshot unshare}; speaks for {@code FIRN_ACCOUNT}, since its option means others.
 */
@Command(
    name = "unshare",
    description = {
      "End what 'firn snapshot share' began; what others made of it meanwhile stays theirs.",
      "To do it as another account than the home's owner, set FIRN_ACCOUNT."
    },
    footer = {"Example:", "  firn snapshot unshare data@first --all"})
final class SnapshotUnshareCommand extends SharingCommand.OfSnapshot {
  SnapshotUnshareCommand() {
    super("UnshareSnapshot");
  }
}
