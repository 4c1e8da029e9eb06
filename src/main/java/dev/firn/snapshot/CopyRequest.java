package dev.firn.snapshot;

/**
 * A copy of a snapshot that is asked for.
 *
 * @param name null: none
 * @param description never null
 * @param accountId whose the copy will be
 * @param token null: each such request is another one
 */
public record CopyRequest(
    long sourceNumber, String name, String description, String accountId, ClientToken token) {}
