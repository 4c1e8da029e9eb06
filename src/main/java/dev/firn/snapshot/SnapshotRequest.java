package dev.firn.snapshot;

import java.util.Map;

/**
 * A snapshot that is asked for.
 *
 * @param name null: none
 * @param description never null
 */
public record SnapshotRequest(
    long volumeNumber, String name, String description, Map<String, String> tags) {}
