package dev.firn.snapshot;

import dev.firn.vfs.VolumeKind;
import java.time.Instant;
import java.util.Map;

/**
 * A name and metadata for one frozen root of a volume's block map. A value: it does not follow
 * later changes.
 *
 * @param id {@code snap-} and eight hexadecimal digits
 * @param number home-wide unique, 1 to 2^23 - 1; never used again
 * @param name unique within its volume, or null
 * @param volumeNumber the number of the block map that holds the frozen root
 * @param volumeId the volume it was taken of, even when that is gone; {@link #NO_VOLUME_ID} for an
 *     imported one and for a copy
 * @param volumeName the volume's name, or its last one
 * @param kind of the volume it was taken of
 * @param progress percent, 0 to 100
 * @param description free text, never null
 * @param sizeBytes the size of the volume when it was taken
 * @param tags never null
 * @param failure why the state is {@link SnapshotState#ERROR}, else null
 * @param accountId whose it is, 12 digits
 * @param originId the id that it got where it was first taken, which packages keep: together with
 *     {@code createdAt} the same everywhere for snapshots of the same content
 */
public record Snapshot(
    String id,
    long number,
    String name,
    long volumeNumber,
    String volumeId,
    String volumeName,
    VolumeKind kind,
    SnapshotState state,
    int progress,
    String description,
    long sizeBytes,
    Instant createdAt,
    Map<String, String> tags,
    String failure,
    String accountId,
    String originId) {

  /** The same with other names. */
  public Snapshot withNames(String otherName, String otherVolumeName) {
    return with(otherName, otherVolumeName, description, tags);
  }

  /** The same with other words. */
  public Snapshot withWords(String otherDescription, Map<String, String> otherTags) {
    return with(name, volumeName, otherDescription, otherTags);
  }

  private Snapshot with(
      String otherName,
      String otherVolumeName,
      String otherDescription,
      Map<String, String> otherTags) {
    return new Snapshot(
        id,
        number,
        otherName,
        volumeNumber,
        volumeId,
        otherVolumeName,
        kind,
        state,
        progress,
        otherDescription,
        sizeBytes,
        createdAt,
        otherTags,
        failure,
        accountId,
        originId);
  }

  /** What an imported snapshot, or a copy, shows as its volume. */
  public static final String NO_VOLUME_ID = "vol-ffffffff";

  public static final long NUMBER_MAX = (1L << 23) - 1;

  /**
   * The account that has what was there before there were accounts, and unless another is named.
   */
  public static final String OWNER_ACCOUNT_ID = "100000000001";

  /** What it is called in messages. */
  public String described() {
    return "snapshot '" + volumeName + "@" + nameOrId() + "'";
  }

  /** How users may call it: its name, or its id when it has none. */
  public String nameOrId() {
    return name != null ? name : id;
  }
}
