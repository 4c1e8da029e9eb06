package dev.firn.snapshot;

import java.util.Map;

/**
 * A snapshot that is asked for.
 *
 * @param name null: none
 * @param description never null
 * @param token null: each such request is another one
 */
public record SnapshotRequest(
    long volumeNumber,
    String name,
    String description,
    Map<String, String> tags,
    ClientToken token) {}
