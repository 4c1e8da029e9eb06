package dev.firn.region;

/**
 * What a new volume shall be.
 *
 * @param name 1 to 128 of letters, digits, {@code . _ -}
 * @param kind {@code filesystem} or {@code block}; null: the source's, or without one the first
 * @param sizeBytes null with a source: the size of the source
 * @param sourceSnapshot a reference as {@link Region#snapshot} takes it, or null: an empty volume
 * @param subregion null: the Region's first
 * @param compression {@code lz4}, {@code zstd}, {@code none}; null: the first
 */
public record VolumeRequest(
    String name,
    String kind,
    Long sizeBytes,
    String sourceSnapshot,
    String subregion,
    String compression) {

  /** An empty volume with defaults for the rest. */
  public static VolumeRequest empty(String name, long sizeBytes) {
    return new VolumeRequest(name, null, sizeBytes, null, null, null);
  }

  /** A volume from a snapshot, of the same size. */
  public static VolumeRequest from(String name, String sourceSnapshot) {
    return new VolumeRequest(name, null, null, sourceSnapshot, null, null);
  }
}
