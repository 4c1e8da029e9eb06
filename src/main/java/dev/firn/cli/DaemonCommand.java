package dev.firn.cli;

import picocli.CommandLine.Command;

/** {@code firn daemon}. */
@Command(
    name = "daemon",
    description = "Control the process that owns the home; other commands start it when needed.",
    footer = {"Example:", "  firn daemon status"},
    subcommands = {DaemonStartCommand.class, DaemonStopCommand.class, DaemonStatusCommand.class})
final class DaemonCommand extends CommandGroup {}
