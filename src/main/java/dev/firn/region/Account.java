package dev.firn.region;

import java.time.Instant;

/**
 * Who can own volumes, snapshots and images.
 *
 * @param id 12 digits
 * @param createdAt null of the home's owner
 */
public record Account(String id, String name, Instant createdAt) {}
