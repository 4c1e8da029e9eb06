/** The libfuse 2 transport, through jnr-fuse. */
package dev.firn.fuse.jnr;
