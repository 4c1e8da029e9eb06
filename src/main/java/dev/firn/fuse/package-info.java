/**
 * The seam between file systems and the kernel: {@link dev.firn.fuse.Transport} mounts a {@link
 * dev.firn.vfs.FileSystem} at a directory.
 */
package dev.firn.fuse;
