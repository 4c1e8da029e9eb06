/**
 * The HTTP front of a home, and its client: {@code POST /v1/<Action>} with a JSON object, answered
 * with a JSON object, over a Unix domain socket.
 *
 * <p>What the actions do is not known here: whoever owns the home registers them in an {@link
 * dev.firn.server.Actions} table. There are four kinds of answer. A plain one is one object. Long
 * work and long lists are newline-delimited objects, {@code {"progress":…}} and {@code {"item":…}},
 * and as the last line {@code {"result":…}} or {@code {"error":…}}. A download is a stream of bytes
 * whose trailer {@code Firn-Outcome} holds the result or the error, so that a stream that broke off
 * is never taken for a whole one. An upload takes its bytes as the request's body and its
 * parameters in the header {@code Firn-Parameters}, and answers like long work.
 */
package dev.firn.server;
