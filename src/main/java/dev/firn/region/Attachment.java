package dev.firn.region;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A mount that the API asked for.
 *
 * @param vmId the machine, or mount session, it is for
 * @param deviceName unique for a machine
 */
public record Attachment(
    String volumeId, String vmId, String deviceName, Path directory, Instant linkedAt) {}
