/** The seam between file systems and kernel transports. */
package dev.firn.fuse;
