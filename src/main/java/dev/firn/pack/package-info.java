/** Packages and archives: a snapshot as one portable file, both ways. */
package dev.firn.pack;
