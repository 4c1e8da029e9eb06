package dev.firn.snapshot;

/**
 * A copy of a snapshot that is asked for.
 *
 * @param name null: none
 * @param description never null
 * @param accountId whose the copy will be
 */
public record CopyRequest(long sourceNumber, String name, String description, String accountId) {}
