/** Freezing, naming, comparing and restoring volumes; the .snapshots directory. */
package dev.firn.snapshot;
