/** The JSON API over HTTP. */
package dev.firn.server;
