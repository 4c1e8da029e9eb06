package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotNames;
import dev.firn.snapshot.SnapshotState;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Finds what users mean: volumes by id or name, snapshots also as VOLUME@NAME, @last, @-2. */
final class References {
  private static final Pattern COUNTED = Pattern.compile("-([1-9][0-9]{0,8})");
  private static final int NAMED_MAX = 5;

  private final VolumeRows volumes;
  private final SnapshotRows snapshots;

  References(VolumeRows volumes, SnapshotRows snapshots) {
    this.volumes = volumes;
    this.snapshots = snapshots;
  }

  /** The volume, or null. */
  Volume findVolume(String reference) {
    Volume found = volumes.find(reference);
    return found == null || found.state() == VolumeState.CREATING ? null : found;
  }

  Volume volume(String reference) {
    Volume found = findVolume(reference);
    if (found == null) {
      throw noVolume(reference);
    }
    return found;
  }

  /** All snapshots of a volume, also of a deleted one that left some; oldest first. */
  List<Snapshot> snapshotsOf(String volumeReference) {
    Volume volume = findVolume(volumeReference);
    List<Snapshot> found =
        volume != null
            ? snapshots.by("volume_id", volume.id())
            : snapshots.by(volumeColumn(volumeReference), volumeReference);
    if (volume == null && found.isEmpty()) {
      throw noVolume(volumeReference);
    }
    return found;
  }

  /** Whether a snapshot of a volume has a name, in whatever state. */
  boolean hasSnapshot(Volume volume, String name) {
    return snapshots.by("name", name).stream().anyMatch(s -> s.volumeId().equals(volume.id()));
  }

  Snapshot snapshot(String reference) {
    Snapshot found = findSnapshot(reference);
    if (found == null) {
      throw FirnException.notFound(
          "snapshot '%s' does not exist: 'firn snapshot list' shows those that do",
          SnapshotNames.printable(reference));
    }
    return found;
  }

  /** The snapshot, or null; CONFLICT if several are meant. */
  Snapshot findSnapshot(String reference) {
    int at = reference.indexOf('@');
    if (at >= 0) {
      return inVolume(reference, reference.substring(0, at), reference.substring(at + 1));
    }
    return only(
        reference, snapshots.by(SnapshotNames.looksLikeId(reference) ? "id" : "name", reference));
  }

  private Snapshot inVolume(String reference, String volumeReference, String name) {
    Volume volume = findVolume(volumeReference);
    String volumeId = volume != null ? volume.id() : idOfDeleted(reference, volumeReference);
    if (name.equals(SnapshotNames.LAST)) {
      return newest(volumeReference, volumeId, 1);
    }
    var counted = COUNTED.matcher(name);
    if (counted.matches()) {
      return newest(volumeReference, volumeId, Integer.parseInt(counted.group(1)));
    }
    return only(
        reference,
        snapshots.by(SnapshotNames.looksLikeId(name) ? "id" : "name", name).stream()
            .filter(s -> s.volumeId().equals(volumeId))
            .filter(s -> volume != null || isOf(s, volumeReference))
            .toList());
  }

  private Snapshot newest(String volumeReference, String volumeId, int back) {
    Snapshot found = snapshots.newest(volumeId, back);
    if (found == null) {
      throw FirnException.notFound(
          back == 1
              ? "volume '%s' has no completed snapshot: 'firn snapshot create' takes one"
              : "volume '%s' has fewer than %d completed snapshots",
          volumeReference,
          back);
    }
    return found;
  }

  /** The id of the deleted volume, or of the imports, whose snapshots bear this volume's name. */
  private String idOfDeleted(String reference, String volumeReference) {
    List<Snapshot> left = snapshots.by(volumeColumn(volumeReference), volumeReference);
    List<String> ids = left.stream().map(Snapshot::volumeId).distinct().toList();
    if (ids.isEmpty()) {
      throw noVolume(volumeReference);
    }
    if (ids.size() > 1) {
      throw ambiguous(reference, left);
    }
    return ids.get(0);
  }

  private static boolean isOf(Snapshot snapshot, String volumeReference) {
    return snapshot.volumeName().equals(volumeReference)
        || snapshot.volumeId().equals(volumeReference);
  }

  private static String volumeColumn(String reference) {
    return SnapshotNames.looksLikeId(reference) ? "volume_id" : "volume_name";
  }

  /** Those that failed or are going count only where there is no other. */
  private Snapshot only(String reference, List<Snapshot> found) {
    List<Snapshot> meant = found.stream().filter(s -> !isLeftover(s)).toList();
    if (meant.isEmpty()) {
      meant = found;
    }
    if (meant.size() > 1) {
      throw ambiguous(reference, meant);
    }
    return meant.isEmpty() ? null : meant.get(0);
  }

  private static boolean isLeftover(Snapshot snapshot) {
    return snapshot.state() == SnapshotState.ERROR || snapshot.state() == SnapshotState.DELETING;
  }

  private FirnException ambiguous(String reference, List<Snapshot> meant) {
    String names =
        meant.stream().limit(NAMED_MAX).map(this::unique).collect(Collectors.joining(", "));
    return FirnException.conflict(
        "snapshot '%s' could be any of %s%s: say which",
        reference, names, meant.size() > NAMED_MAX ? ", …" : "");
  }

  /** A reference to this snapshot alone: VOLUME@NAME where that is one, else its id. */
  private String unique(Snapshot snapshot) {
    Volume volume = findVolume(snapshot.volumeName());
    boolean plain =
        volume != null
            && volume.id().equals(snapshot.volumeId())
            && snapshot.name() != null
            && !isLeftover(snapshot);
    return plain ? snapshot.volumeName() + "@" + snapshot.name() : snapshot.id();
  }

  private static FirnException noVolume(String reference) {
    return FirnException.notFound(
        "volume '%s' does not exist: 'firn volume list' shows those that do",
        SnapshotNames.printable(reference));
  }
}
