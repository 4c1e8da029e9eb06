package dev.firn.daemon;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.firn.base.FirnException;
import dev.firn.bucket.RegionCopy;
import dev.firn.region.Permissions;
import dev.firn.region.Region;
import dev.firn.region.SnapshotSpace;
import dev.firn.region.Volume;
import dev.firn.server.Actions;
import dev.firn.server.Events;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The actions on snapshots. */
final class SnapshotActions {
  private final Region region;
  private final MountTable mounts;
  private final AttachmentTable attachments;

  SnapshotActions(Region region, MountTable mounts, AttachmentTable attachments) {
    this.region = region;
    this.mounts = mounts;
    this.attachments = attachments;
  }

  record Reference(String snapshot) {
    Reference {
      Actions.required("snapshot", snapshot);
    }
  }

  /**
   * @param volume null: the snapshots of all volumes
   */
  record ListParameters(String volume) {}

  /**
   * @param noWait whether to answer once the request is durable, not when it is completed
   */
  record CreateParameters(
      String volume, String name, String description, Map<String, String> tags, boolean noWait) {
    CreateParameters {
      Actions.required("volume", volume);
      tags = tags == null ? Map.of() : tags;
    }
  }

  record SnapshotsParameters(List<String> snapshots) {
    SnapshotsParameters {
      Actions.required("snapshots", snapshots);
    }
  }

  record DiffParameters(String from, String to) {
    DiffParameters {
      Actions.required("from", from);
      Actions.required("to", to);
    }
  }

  record RollbackParameters(String volume, String snapshot) {
    RollbackParameters {
      Actions.required("volume", volume);
      Actions.required("snapshot", snapshot);
    }
  }

  /**
   * @param name null: none
   * @param description null: none
   */
  record CopyParameters(String snapshot, String name, String description) {
    CopyParameters {
      Actions.required("snapshot", snapshot);
    }
  }

  /**
   * @param region another one of the home's settings
   */
  record RegionCopyParameters(String snapshot, String region) {
    RegionCopyParameters {
      Actions.required("snapshot", snapshot);
      Actions.required("region", region);
    }
  }

  /**
   * @param accounts null: none by name
   * @param everybody whether all accounts are meant
   */
  record ShareParameters(String snapshot, List<String> accounts, boolean everybody) {
    ShareParameters {
      Actions.required("snapshot", snapshot);
      accounts = accounts == null ? List.of() : accounts;
      if (accounts.isEmpty() && !everybody) {
        throw FirnException.usage("say which accounts are meant, or all");
      }
    }

    Permissions permissions() {
      return new Permissions(everybody, accounts);
    }
  }

  /**
   * A snapshot and where it is mounted, as the API shows it.
   *
   * @param waitsFor while it is being deleted: who still reads it, each once
   */
  record SnapshotStatus(
      @JsonUnwrapped Snapshot snapshot, List<Path> mountedAt, List<String> waitsFor) {}

  /** A snapshot and who may use it besides its owner. */
  record Shared(@JsonUnwrapped SnapshotStatus status, Permissions permissions) {}

  void register(Actions actions) {
    actions
        .answer("CreateSnapshot", CreateParameters.class, this::create)
        .answer("ReadSnapshots", ListParameters.class, this::list)
        .answer("ReadSnapshot", Reference.class, this::read)
        .answer("DeleteSnapshots", SnapshotsParameters.class, this::delete)
        .answer("ReadSnapshotSpace", SnapshotsParameters.class, this::space)
        .work("ReadDiff", DiffParameters.class, this::diff)
        .work("ReadBlockDiff", DiffParameters.class, this::diffBlocks)
        .answer("CopySnapshot", CopyParameters.class, this::copy)
        .work("CopySnapshotToRegion", RegionCopyParameters.class, this::copyToRegion)
        .answer("ShareSnapshot", ShareParameters.class, this::share)
        .answer("UnshareSnapshot", ShareParameters.class, this::unshare)
        .answer("ReadSnapshotPermissions", Reference.class, this::permissions)
        .answer("RollbackVolume", RollbackParameters.class, this::rollback);
  }

  private SnapshotStatus create(CreateParameters parameters) throws IOException {
    return status(
        parameters.noWait()
            ? region.requestSnapshot(
                parameters.volume(), parameters.name(), parameters.description(), parameters.tags())
            : region.createSnapshot(
                parameters.volume(),
                parameters.name(),
                parameters.description(),
                parameters.tags()));
  }

  private Map<String, Object> list(ListParameters parameters) {
    return statuses(region.snapshots(parameters.volume()));
  }

  private SnapshotStatus read(Reference reference) {
    return status(region.snapshot(reference.snapshot()));
  }

  private SnapshotSpace space(SnapshotsParameters parameters) throws IOException {
    // By ids, which name the same things for everybody.
    return region
        .upkeep()
        .snapshotSpace(
            parameters.snapshots().stream().map(each -> region.snapshot(each).id()).toList());
  }

  private Map<String, Object> delete(SnapshotsParameters parameters) throws IOException {
    List<Snapshot> deleted = region.deleteSnapshots(parameters.snapshots());
    deleted.forEach(snapshot -> mounts.forgetTarget(snapshot.id()));
    return statuses(deleted);
  }

  private Map<String, Object> diff(DiffParameters parameters, Events events) throws IOException {
    long[] changes = {0};
    region.diff(
        parameters.from(),
        parameters.to(),
        (kind, path, newPath) -> {
          changes[0]++;
          Map<String, Object> change = new LinkedHashMap<>();
          change.put("kind", String.valueOf(kind));
          putPath(change, "path", path);
          if (newPath != null) {
            putPath(change, "newPath", newPath);
          }
          events.item(change);
        });
    return Map.of("changes", changes[0]);
  }

  private Map<String, Object> diffBlocks(DiffParameters parameters, Events events)
      throws IOException {
    long[] bytes = {0};
    region.diffBlocks(
        parameters.from(),
        parameters.to(),
        (offset, length) -> {
          bytes[0] += length;
          Map<String, Object> range = new LinkedHashMap<>();
          range.put("offset", offset);
          range.put("length", length);
          events.item(range);
        });
    return Map.of("bytes", bytes[0]);
  }

  private SnapshotStatus rollback(RollbackParameters parameters) throws IOException {
    Volume volume = region.volume(parameters.volume());
    Snapshot snapshot = region.snapshot(parameters.snapshot());
    attachments.refuseAttached(volume);
    mounts.refuseMounted(volume.id(), "volume '" + volume.name() + "'");
    return status(region.rollback(volume.id(), snapshot.id()));
  }

  private SnapshotStatus copy(CopyParameters parameters) throws IOException {
    return status(
        region.copySnapshot(parameters.snapshot(), parameters.name(), parameters.description()));
  }

  private RegionCopy.Copied copyToRegion(RegionCopyParameters parameters, Events events)
      throws IOException {
    return RegionCopy.run(
        region,
        parameters.snapshot(),
        parameters.region(),
        (done, total) -> {
          try {
            events.progress(done, total, total == 100 ? "%" : "bytes");
          } catch (IOException clientGone) {
            throw new UncheckedIOException(clientGone);
          }
        });
  }

  private Shared share(ShareParameters parameters) {
    return shared(region.shareSnapshot(parameters.snapshot(), parameters.permissions()));
  }

  private Shared unshare(ShareParameters parameters) {
    return shared(region.unshareSnapshot(parameters.snapshot(), parameters.permissions()));
  }

  private Shared permissions(Reference reference) {
    return shared(region.snapshot(reference.snapshot()));
  }

  private Shared shared(Snapshot snapshot) {
    return new Shared(status(snapshot), region.permissions(snapshot.id()));
  }

  /** Names are bytes, and JSON holds characters: names that are not UTF-8 go as Base64. */
  static void putPath(Map<String, Object> change, String field, byte[] path) {
    try {
      change.put(
          field, StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(path)).toString());
    } catch (CharacterCodingException e) {
      change.put(field + "Base64", Base64.getEncoder().encodeToString(path));
    }
  }

  private Map<String, Object> statuses(List<Snapshot> snapshots) {
    return Map.of("snapshots", snapshots.stream().map(this::status).toList());
  }

  private SnapshotStatus status(Snapshot snapshot) {
    List<String> waitsFor =
        snapshot.state() == SnapshotState.DELETING
            ? region.readers(snapshot).stream().distinct().toList()
            : List.of();
    return new SnapshotStatus(snapshot, mounts.directoriesOf(snapshot.id()), waitsFor);
  }
}
