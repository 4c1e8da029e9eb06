package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.bucket.Transfers;
import dev.firn.region.Account;
import dev.firn.region.Permissions;
import dev.firn.region.Region;
import dev.firn.region.Volume;
import dev.firn.region.VolumeState;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The actions on snapshots. */
final class SnapshotCalls {
  private final Filters<Shown> filters = filters();
  private final Transfers transfers;

  SnapshotCalls(Transfers transfers) {
    this.transfers = transfers;
  }

  /** A snapshot with what the API says of it besides. */
  private record Shown(
      Snapshot snapshot, Permissions permissions, String accountName, String clientToken) {}

  List<Action> actions() {
    return List.of(
        Action.signed(
            "CreateSnapshot",
            Action.common()
                .optional("ClientToken", Shape.text(1, 255))
                .optional("Description", Shape.text(0, 255))
                .optional("FileLocation", Shape.text(1, 4096))
                .optional(
                    "SnapshotSize",
                    Shape.integer(1, Long.MAX_VALUE, Problem.INVALID_PARAMETER_VALUE))
                .optional("SourceRegionName", Shape.text())
                .optional("SourceSnapshotId", Shape.id("snap"))
                .optional("VolumeId", Shape.id("vol")),
            this::create),
        Action.signed(
            "ReadSnapshots",
            Page.parameters(Action.common().optional("Filters", filters.shape())),
            this::read),
        Action.signed(
            "UpdateSnapshot",
            Action.common()
                .required("SnapshotId", Shape.id("snap"))
                .required("PermissionsToCreateVolume", Values.PERMISSIONS_CHANGE),
            this::update),
        Action.signed(
            "DeleteSnapshot",
            Action.common().required("SnapshotId", Shape.id("snap")),
            this::delete));
  }

  private static Filters<Shown> filters() {
    return new Filters<Shown>()
        .text("AccountAliases", Shape.text(), Shown::accountName)
        .text("AccountIds", Values.ACCOUNT_ID, shown -> shown.snapshot().accountId())
        .text("ClientTokens", Shape.text(), Shown::clientToken)
        .text("Descriptions", Shape.text(), shown -> shown.snapshot().description())
        .add(
            "FromCreationDate",
            Shape.dateTime(),
            given -> {
              Instant from = Shape.time(given.asText());
              return shown -> !shown.snapshot().createdAt().isBefore(from);
            })
        .texts(
            "PermissionsToCreateVolumeAccountIds",
            Values.ACCOUNT_ID,
            shown -> shown.permissions().accountIds())
        .bool("PermissionsToCreateVolumeGlobalPermission", shown -> shown.permissions().everybody())
        .integer("Progresses", shown -> (long) shown.snapshot().progress())
        .text("SnapshotIds", Shape.text(), shown -> shown.snapshot().id())
        .text("States", Shape.text(), shown -> shown.snapshot().state().text())
        .tags(shown -> shown.snapshot().tags())
        .add(
            "ToCreationDate",
            Shape.dateTime(),
            given -> {
              Instant to = Shape.time(given.asText());
              return shown -> !shown.snapshot().createdAt().isAfter(to);
            })
        .text("VolumeIds", Shape.text(), shown -> shown.snapshot().volumeId())
        .integer("VolumeSizes", shown -> Values.gib(shown.snapshot().sizeBytes()));
  }

  private Action.Plan create(Call call) {
    boolean copies = call.has("SourceSnapshotId") || call.has("SourceRegionName");
    boolean imports = call.has("FileLocation") || call.has("SnapshotSize");
    int forms = (call.has("VolumeId") ? 1 : 0) + (copies ? 1 : 0) + (imports ? 1 : 0);
    if (forms == 0) {
      throw new OapiException(
          Problem.MISSING_PARAMETER,
          "'VolumeId' is missing, or 'SourceSnapshotId' and 'SourceRegionName', or 'FileLocation'"
              + " and 'SnapshotSize'");
    }
    if (forms > 1) {
      throw new OapiException(
          Problem.INVALID_PARAMETER_SET,
          "'VolumeId', 'SourceSnapshotId' and 'FileLocation' exclude each other");
    }
    if (imports) {
      return fetch(call);
    }
    return copies ? copy(call) : take(call);
  }

  private static void requireBoth(Call call, String one, String other) {
    for (String name : List.of(one, other)) {
      if (!call.has(name)) {
        throw new OapiException(Problem.MISSING_PARAMETER, "'%s' is missing", name);
      }
    }
  }

  private Action.Plan take(Call call) {
    Region region = call.region();
    Volume volume = region.volume(call.text("VolumeId"));
    if (volume.state() == VolumeState.DELETING) {
      throw new OapiException(
          Problem.INVALID_VOLUME_STATE, "volume %s is being deleted", volume.id());
    }
    return () -> {
      String id =
          Tokens.once(
              call,
              token ->
                  region
                      .requestSnapshot(volume.id(), null, call.text("Description"), Map.of(), token)
                      .id());
      return answer(region, region.snapshot(id));
    };
  }

  private Action.Plan fetch(Call call) {
    Region region = call.region();
    requireBoth(call, "FileLocation", "SnapshotSize");
    String location = call.text("FileLocation");
    long sizeBytes = call.number("SnapshotSize");
    Transfers.checkImport(location, sizeBytes);
    return () -> {
      String id =
          Tokens.once(
              call,
              token ->
                  transfers
                      .importSnapshot(region, location, sizeBytes, call.text("Description"), token)
                      .id());
      return answer(region, region.snapshot(id));
    };
  }

  private Action.Plan copy(Call call) {
    Region region = call.region();
    requireBoth(call, "SourceSnapshotId", "SourceRegionName");
    if (!call.text("SourceRegionName").equals(region.info().name())) {
      throw new OapiException(
          Problem.NO_SUCH_REGION,
          "'SourceRegionName' must be this Region, '%s'",
          region.info().name());
    }
    Snapshot source = region.snapshot(call.text("SourceSnapshotId"));
    if (source.state() != SnapshotState.COMPLETED) {
      throw new OapiException(
          Problem.INVALID_STATE,
          "snapshot %s is %s, not completed",
          source.id(),
          source.state().text());
    }
    return () -> {
      String id =
          Tokens.once(
              call,
              token ->
                  region.copySnapshot(source.id(), null, call.text("Description"), token).id());
      return answer(region, region.snapshot(id));
    };
  }

  private Action.Plan read(Call call) {
    Region region = call.region();
    return () -> {
      ObjectNode answer = Call.answer();
      Map<String, String> names = accountNames(region);
      List<String> ids =
          call.filters().has("SnapshotIds") ? Call.texts(call.filters().get("SnapshotIds")) : null;
      Page.of(call.parameters(), Page.LIMIT_MAX)
          .fill(
              answer,
              "Snapshots",
              (after, limit) ->
                  shown(
                      region,
                      names,
                      ids == null
                          ? region.snapshotsAfter(Page.number(after), limit)
                          : named(region, ids, Page.number(after), limit)),
              filters.predicate(call.filters()),
              shown -> Page.position(shown.snapshot().number()),
              SnapshotCalls::json);
      return answer;
    };
  }

  /** What is asked for by ids is looked up by them, however many others there are. */
  private static List<Snapshot> named(Region region, List<String> ids, long after, int limit) {
    List<Snapshot> found = new ArrayList<>();
    for (String id : ids.stream().distinct().toList()) {
      if (!id.startsWith("snap-")) {
        continue;
      }
      try {
        Snapshot snapshot = region.snapshot(id);
        if (snapshot.id().equals(id) && snapshot.number() > after) {
          found.add(snapshot);
        }
      } catch (FirnException e) {
        if (e.kind() != ErrorKind.NOT_FOUND) {
          throw e;
        }
      }
    }
    found.sort(java.util.Comparator.comparingLong(Snapshot::number));
    return found.subList(0, Math.min(limit, found.size()));
  }

  private Action.Plan update(Call call) {
    Region region = call.region();
    Snapshot snapshot = region.snapshot(call.text("SnapshotId"));
    region.permissions(snapshot.id());
    PermissionsChange change =
        PermissionsChange.of(call.parameters().get("PermissionsToCreateVolume"), region.accounts());
    return () -> {
      if (change.adds()) {
        region.shareSnapshot(snapshot.id(), change.permissions());
      } else {
        region.unshareSnapshot(snapshot.id(), change.permissions());
      }
      return answer(region, snapshot);
    };
  }

  private Action.Plan delete(Call call) {
    Region region = call.region();
    Snapshot snapshot = region.snapshot(call.text("SnapshotId"));
    region.permissions(snapshot.id());
    return () -> {
      region.deleteSnapshots(List.of(snapshot.id()));
      return Call.answer();
    };
  }

  private static Map<String, String> accountNames(Region region) {
    Map<String, String> names = new HashMap<>();
    for (Account account : region.accounts().all()) {
      names.put(account.id(), account.name());
    }
    return names;
  }

  private static List<Shown> shown(
      Region region, Map<String, String> names, List<Snapshot> snapshots) {
    Map<String, Permissions> permissions =
        region.permissionsOf(snapshots.stream().map(Snapshot::id).toList());
    // Tokens are nothing to those with whom a snapshot is shared.
    Map<String, String> tokens =
        region
            .cloud()
            .tokens(
                snapshots.stream()
                    .filter(snapshot -> snapshot.accountId().equals(region.accountId()))
                    .map(Snapshot::id)
                    .toList());
    return snapshots.stream()
        .map(
            snapshot ->
                new Shown(
                    snapshot,
                    permissions.getOrDefault(snapshot.id(), new Permissions(false, List.of())),
                    names.get(snapshot.accountId()),
                    tokens.get(snapshot.id())))
        .toList();
  }

  private static ObjectNode answer(Region region, Snapshot snapshot) {
    ObjectNode answer = Call.answer();
    answer.set("Snapshot", json(shown(region, accountNames(region), List.of(snapshot)).get(0)));
    return answer;
  }

  private static ObjectNode json(Shown shown) {
    Snapshot snapshot = shown.snapshot();
    ObjectNode json = Call.answer();
    if (shown.accountName() != null) {
      json.put("AccountAlias", shown.accountName());
    }
    json.put("AccountId", snapshot.accountId());
    if (shown.clientToken() != null) {
      json.put("ClientToken", shown.clientToken());
    }
    json.put("CreationDate", Values.time(snapshot.createdAt()));
    json.put("Description", snapshot.description());
    Values.putPermissions(json, "PermissionsToCreateVolume", shown.permissions());
    json.put("Progress", snapshot.progress());
    json.put("SnapshotId", snapshot.id());
    json.put("State", snapshot.state().text());
    Values.putTags(json, snapshot.tags());
    json.put("VolumeId", snapshot.volumeId());
    json.put("VolumeSize", Values.gib(snapshot.sizeBytes()));
    return json;
  }
}
