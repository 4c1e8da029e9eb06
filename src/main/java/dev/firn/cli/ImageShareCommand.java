package dev.firn.cli;

import picocli.CommandLine.Command;

/** {@code firn image share}; speaks for {@code FIRN_ACCOUNT}, since its option means others. */
@Command(
    name = "share",
    description = {
      "Let other accounts use an image, and copy it.",
      "To do it as another account than the home's owner, set FIRN_ACCOUNT."
    },
    footer = {"Example:", "  firn image share ami-0123abcd --account 123456789012"})
final class ImageShareCommand extends SharingCommand.OfImage {
  ImageShareCommand() {
    super("ShareImage");
  }
}
