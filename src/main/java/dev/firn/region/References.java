package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotNames;
import dev.firn.snapshot.SnapshotState;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finds what users mean: volumes by id or name, snapshots also as VOLUME@NAME, @last, @-2. What an
 * account may not see does not exist for it; this is the one place that decides that.
 *
 * <p>Names are those of the account's own things. What is shared with it has an id.
 */
final class References {
  private static final Pattern COUNTED = Pattern.compile("-([1-9][0-9]{0,8})");
  private static final int NAMED_MAX = 5;

  private final VolumeRows volumes;
  private final SnapshotRows snapshots;

  private final PermissionRows permissions;
  private final String accountId;

  /** Whether ids of all accounts are found, as Firn itself needs it. */
  private final boolean everywhere;

  References(
      VolumeRows volumes,
      SnapshotRows snapshots,
      PermissionRows permissions,
      String accountId,
      boolean everywhere) {
    this.volumes = volumes;
    this.snapshots = snapshots;
    this.permissions = permissions;
    this.accountId = accountId;
    this.everywhere = everywhere;
  }

  /** The same for an account, which finds no more than it may see. */
  References of(String account) {
    return new References(volumes, snapshots, permissions, account, false);
  }

  String accountId() {
    return accountId;
  }

  /** The volume, or null. */
  Volume findVolume(String reference) {
    Volume found = volumes.find(accountId, reference);
    return found == null || found.state() == VolumeState.CREATING || !isOurs(found.accountId())
        ? null
        : found;
  }

  /** A snapshot that belongs to the account; NOT_PERMITTED if it is only shared with it. */
  Snapshot ownSnapshot(String reference) {
    return requireOwn(snapshot(reference));
  }

  Snapshot requireOwn(Snapshot snapshot) {
    if (!isOurs(snapshot.accountId())) {
      throw FirnException.notPermitted(
          "snapshot '%s' belongs to account %s, and is shared with this one to be used, not to be"
              + " changed or deleted: make a copy ('firn snapshot copy')",
          snapshot.nameOrId(), snapshot.accountId());
    }
    return snapshot;
  }

  /** All snapshots that the account may see. */
  List<Snapshot> all() {
    return everywhere ? snapshots.all() : snapshots.visible(accountId, 0, Integer.MAX_VALUE);
  }

  private boolean isOurs(String owner) {
    return everywhere || owner.equals(accountId);
  }

  boolean isVisible(Snapshot snapshot) {
    return isOurs(snapshot.accountId()) || permissions.of(snapshot.id()).allow(accountId);
  }

  /** Those with this value; of ids also what is shared. */
  private List<Snapshot> by(String column, String value) {
    List<Snapshot> found = snapshots.by(column, value);
    return found.stream()
        .filter(column.equals("id") ? this::isVisible : each -> each.accountId().equals(accountId))
        .toList();
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
            : by(volumeColumn(volumeReference), volumeReference);
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
              SnapshotNames.printable(reference))
          .because("no-such-snapshot");
    }
    return found;
  }

  /** The snapshot, or null; CONFLICT if several are meant. */
  Snapshot findSnapshot(String reference) {
    int at = reference.indexOf('@');
    if (at >= 0) {
      return inVolume(reference, reference.substring(0, at), reference.substring(at + 1));
    }
    return only(reference, by(SnapshotNames.looksLikeId(reference) ? "id" : "name", reference));
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
        by(SnapshotNames.looksLikeId(name) ? "id" : "name", name).stream()
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
    List<Snapshot> left = by(volumeColumn(volumeReference), volumeReference);
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
            SnapshotNames.printable(reference))
        .because("no-such-volume");
  }
}
