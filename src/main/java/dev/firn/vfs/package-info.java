/**
 * POSIX semantics over a block map: inodes, directories, links, attributes, data, sizes. Names are
 * bytes.
 */
package dev.firn.vfs;
