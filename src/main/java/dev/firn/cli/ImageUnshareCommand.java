package dev.firn.cli;

import picocli.CommandLine.Command;

/** {@code firn image unshare}; speaks for {@code FIRN_ACCOUNT}, since its option means others. */
@Command(
    name = "unshare",
    description = {
      "Take that back; what others made of the image stays theirs.",
      "To do it as another account than the home's owner, set FIRN_ACCOUNT."
    },
    footer = {"Example:", "  firn image unshare ami-0123abcd --account 123456789012"})
final class ImageUnshareCommand extends SharingCommand.OfImage {
  ImageUnshareCommand() {
    super("UnshareImage");
  }
}
