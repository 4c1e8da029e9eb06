/**
 * The Region's HTTP API over TCP, which OUTSCALE's clients can use: signatures, validation,
 * actions, errors, limits, metrics. Each action is described by a {@link
 * dev.firn.server.oapi.Shape} and planned before it is run, so that a dry run is one line. What
 * accounts may see and do is decided below, in the Region.
 */
package dev.firn.server.oapi;
