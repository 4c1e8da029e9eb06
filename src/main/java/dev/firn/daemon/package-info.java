/**
 * The process that owns a home: it opens the Region, brings the wanted mounts back, serves the API
 * on the home's socket, and on SIGTERM takes everything down in order.
 */
package dev.firn.daemon;
