package dev.firn.region;

import dev.firn.vfs.VolumeKind;
import java.time.Instant;

/**
 * A named, sized thing with one head. A value: it does not follow later changes.
 *
 * @param id {@code vol-} and eight hexadecimal digits
 * @param number home-wide unique, the number of its block map
 * @param compression {@code lz4}, {@code zstd} or {@code none}
 * @param sourceSnapshotId the snapshot it was made from, or null
 */
public record Volume(
    String id,
    long number,
    String name,
    VolumeKind kind,
    long sizeBytes,
    VolumeState state,
    String compression,
    String subregion,
    String sourceSnapshotId,
    Instant createdAt) {}
