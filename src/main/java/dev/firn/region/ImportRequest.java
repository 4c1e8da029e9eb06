package dev.firn.region;

import dev.firn.base.Sizes;
import dev.firn.vfs.VolumeKind;
import java.time.Instant;
import java.util.Map;

/**
 * What is known of a snapshot that is about to be imported.
 *
 * @param name null: none
 * @param volumeSizeBytes how large a volume the tree needs
 * @param description null: none
 * @param createdAt when it was first taken; null: now
 * @param sourceVolumeName the volume it was taken of, elsewhere; null: unknown
 * @param kind of that volume
 * @param originId the id that it got where it was first taken; null: unknown
 */
public record ImportRequest(
    String name,
    long volumeSizeBytes,
    String description,
    Map<String, String> tags,
    Instant createdAt,
    String sourceVolumeName,
    VolumeKind kind,
    String originId) {

  /** Of a volume with files. */
  public ImportRequest(
      String name,
      long volumeSizeBytes,
      String description,
      Map<String, String> tags,
      Instant createdAt,
      String sourceVolumeName) {
    this(
        name,
        volumeSizeBytes,
        description,
        tags,
        createdAt,
        sourceVolumeName,
        VolumeKind.FILESYSTEM,
        null);
  }

  /** The room that what is imported may take. */
  long roomBytes() {
    return roomBytes(volumeSizeBytes);
  }

  /** As much for a volume of this size: a disk's owner and attributes come beside its bytes. */
  long roomBytes(long sizeBytes) {
    return kind == VolumeKind.BLOCK ? sizeBytes + Sizes.MIB : sizeBytes;
  }
}
