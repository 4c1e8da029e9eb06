/** The command line: a thin client of the daemon. */
package dev.firn.cli;
