package dev.firn.cli;

import picocli.CommandLine.Command;

/** {@code firn task}. */
@Command(
    name = "task",
    description = "Look at exports to buckets, and end them.",
    footer = {"Example:", "  firn task list"},
    subcommands = {TaskListCommand.class, TaskShowCommand.class, TaskCancelCommand.class})
final class TaskCommand extends CommandGroup {}
