/** The process that owns a home: life cycle, socket, mounts, background jobs. */
package dev.firn.daemon;
