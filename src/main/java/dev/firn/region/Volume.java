package dev.firn.region;

import dev.firn.vfs.VolumeKind;
import java.time.Instant;
import java.util.Map;

/**
 * A named, sized thing with one head. A value: it does not follow later changes.
 *
 * @param id {@code vol-} and eight hexadecimal digits
 * @param number home-wide unique, the number of its block map
 * @param compression {@code lz4}, {@code zstd} or {@code none}
 * @param sourceSnapshotId the snapshot it was made from, or null
 * @param accountId whose it is, 12 digits
 * @param tags never null
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
    Instant createdAt,
    String accountId,
    Map<String, String> tags) {

  Volume withState(VolumeState other) {
    return new Volume(
        id,
        number,
        name,
        kind,
        sizeBytes,
        other,
        compression,
        subregion,
        sourceSnapshotId,
        createdAt,
        accountId,
        tags);
  }

  Volume withName(String other) {
    return new Volume(
        id,
        number,
        other,
        kind,
        sizeBytes,
        state,
        compression,
        subregion,
        sourceSnapshotId,
        createdAt,
        accountId,
        tags);
  }
}
