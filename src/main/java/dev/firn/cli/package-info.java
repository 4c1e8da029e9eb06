/**
 * The command line: one class a command, each a thin client of the daemon that owns the home, which
 * is started when none runs. Results go to stdout, everything else to stderr.
 */
package dev.firn.cli;
