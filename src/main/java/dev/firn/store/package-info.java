/**
 * Segments, records, checksums, compression, group commit, recovery scan, caches. Knows nothing of
 * trees.
 */
package dev.firn.store;
