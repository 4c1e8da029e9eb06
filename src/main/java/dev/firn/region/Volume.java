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
    return with(name, other, tags);
  }

  Volume withName(String other) {
    return with(other, state, tags);
  }

  Volume withTags(Map<String, String> other) {
    return with(name, state, other);
  }

  private Volume with(String otherName, VolumeState otherState, Map<String, String> otherTags) {
    return new Volume(
        id,
        number,
        otherName,
        kind,
        sizeBytes,
        otherState,
        compression,
        subregion,
        sourceSnapshotId,
        createdAt,
        accountId,
        otherTags);
  }
}
