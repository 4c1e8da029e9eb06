package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.region.Attachment;
import dev.firn.region.Cloud;
import dev.firn.region.Region;
import dev.firn.region.UpdateTask;
import dev.firn.region.Volume;
import dev.firn.region.VolumeOffer;
import dev.firn.region.VolumeRequest;
import dev.firn.region.VolumeState;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** The actions on volumes. */
final class VolumeCalls {
  private static final Shape VM_ID = Shape.id("i");
  private static final int TASKS_BY_DEFAULT = 100;

  private final Attachments mounts;
  private final Filters<Shown> filters = volumeFilters();
  private final Filters<UpdateTask> taskFilters = taskFilters();

  VolumeCalls(Attachments mounts) {
    this.mounts = mounts;
  }

  /**
   * A volume with what the API says of it besides.
   *
   * @param link null: none
   */
  private record Shown(Volume volume, VolumeOffer offer, Attachment link, String clientToken) {
    boolean isLinked() {
      return link != null;
    }
  }

  List<Action> actions() {
    return List.of(
        Action.signed(
            "CreateVolume",
            Action.common()
                .optional("ClientToken", Shape.text(1, 255))
                .optional("Iops", Values.IOPS)
                .optional("Size", Values.SIZE)
                .optional("SnapshotId", Shape.id("snap"))
                .required("SubregionName", Shape.text())
                .optional("VolumeType", Values.VOLUME_TYPE),
            this::create),
        Action.signed(
            "ReadVolumes",
            Page.parameters(Action.common().optional("Filters", filters.shape())),
            this::read),
        Action.signed(
            "UpdateVolume",
            Action.common()
                .required("VolumeId", Shape.id("vol"))
                .optional("Size", Values.SIZE)
                .optional("Iops", Values.IOPS)
                .optional("VolumeType", Values.VOLUME_TYPE),
            this::update),
        Action.signed(
            "DeleteVolume", Action.common().required("VolumeId", Shape.id("vol")), this::delete),
        Action.signed(
            "LinkVolume",
            Action.common()
                .required("DeviceName", Values.DEVICE)
                .required("VmId", VM_ID)
                .required("VolumeId", Shape.id("vol")),
            this::link),
        Action.signed(
            "UnlinkVolume",
            Action.common()
                .optional("ForceUnlink", Shape.bool())
                .required("VolumeId", Shape.id("vol")),
            this::unlink),
        Action.signed(
            "ReadVolumeUpdateTasks",
            Page.parameters(Action.common().optional("Filters", taskFilters.shape())),
            this::readTasks));
  }

  private static Filters<Shown> volumeFilters() {
    return new Filters<Shown>()
        .text("ClientTokens", Shape.text(), Shown::clientToken)
        .times("CreationDates", shown -> shown.volume().createdAt())
        .bool("LinkVolumeDeleteOnVmDeletion", shown -> shown.isLinked() ? false : null)
        .text(
            "LinkVolumeDeviceNames",
            Shape.text(),
            shown -> shown.isLinked() ? shown.link().deviceName() : null)
        .times("LinkVolumeLinkDates", shown -> shown.isLinked() ? shown.link().linkedAt() : null)
        .text("LinkVolumeLinkStates", Shape.text(), shown -> shown.isLinked() ? "attached" : null)
        .text(
            "LinkVolumeVmIds", Shape.text(), shown -> shown.isLinked() ? shown.link().vmId() : null)
        .text("SnapshotIds", Shape.text(), shown -> shown.volume().sourceSnapshotId())
        .text("SubregionNames", Shape.text(), shown -> shown.volume().subregion())
        .tags(shown -> shown.volume().tags())
        .text("VolumeIds", Shape.text(), shown -> shown.volume().id())
        .integer("VolumeSizes", shown -> Values.gib(shown.volume().sizeBytes()))
        .text("VolumeStates", Shape.text(), shown -> shown.volume().state().text())
        .text("VolumeTypes", Shape.text(), shown -> shown.offer().type());
  }

  private static Filters<UpdateTask> taskFilters() {
    return new Filters<UpdateTask>()
        .text("TaskIds", Shape.text(), UpdateTask::id)
        .text("VolumeIds", Shape.text(), UpdateTask::volumeId);
  }

  private Action.Plan create(Call call) throws IOException {
    Region region = call.region();
    String subregion = call.text("SubregionName");
    if (!region.info().subregions().contains(subregion)) {
      throw new OapiException(
          Problem.NO_SUCH_SUBREGION, "Subregion '%s' does not exist", subregion);
    }
    Snapshot source = null;
    Long sizeBytes = call.has("Size") ? call.number("Size") * Sizes.GIB : null;
    if (call.has("SnapshotId")) {
      source = region.snapshot(call.text("SnapshotId"));
      if (source.state() != SnapshotState.COMPLETED) {
        throw new OapiException(
            Problem.INVALID_STATE,
            "snapshot %s is %s, not completed",
            source.id(),
            source.state().text());
      }
      if (sizeBytes != null && sizeBytes < source.sizeBytes()) {
        throw new OapiException(
            Problem.INVALID_VOLUME_SIZE,
            "'Size' must be at least that of the snapshot, %d GiB",
            Values.gib(source.sizeBytes()));
      }
    } else if (sizeBytes == null) {
      throw new OapiException(
          Problem.MISSING_PARAMETER, "'Size' is missing, or 'SnapshotId' to begin as");
    }
    VolumeOffer offer =
        Values.offer(
            call.text("VolumeType"),
            call.number("Iops"),
            sizeBytes == null ? source.sizeBytes() : sizeBytes);
    VolumeRequest request =
        new VolumeRequest(null, null, sizeBytes, call.text("SnapshotId"), subregion, null);
    return () -> {
      String id = Tokens.once(call, token -> region.createVolume(request, offer, token).id());
      return volumeAnswer(shown(region, volume(region, id)), null);
    };
  }

  private Action.Plan read(Call call) {
    Region region = call.region();
    return () -> {
      Cloud cloud = region.cloud();
      Map<String, VolumeOffer> offers = cloud.offers();
      Map<String, Attachment> links = cloud.attachments();
      List<Volume> volumes = region.volumes();
      ObjectNode answer = Call.answer();
      Page.of(call.parameters(), Page.LIMIT_MAX)
          .fill(
              answer,
              "Volumes",
              (after, limit) ->
                  shown(
                      cloud,
                      offers,
                      links,
                      volumes.stream()
                          .filter(volume -> volume.number() > Page.number(after))
                          .limit(limit)
                          .toList()),
              filters.predicate(call.filters()),
              shown -> Page.position(shown.volume().number()),
              shown -> json(shown, null));
      return answer;
    };
  }

  private Action.Plan update(Call call) throws IOException {
    Region region = call.region();
    Volume volume = volume(region, call.text("VolumeId"));
    requireAvailable(volume);
    if (!call.has("Size") && !call.has("VolumeType") && !call.has("Iops")) {
      throw new OapiException(
          Problem.MISSING_PARAMETER, "one of 'Size', 'VolumeType', 'Iops' must be given");
    }
    Shown before = shown(region, volume);
    Long sizeBytes = call.has("Size") ? call.number("Size") * Sizes.GIB : null;
    if (sizeBytes != null && sizeBytes < volume.sizeBytes()) {
      throw new OapiException(
          Problem.INVALID_VOLUME_SIZE,
          "'Size' must be at least %d GiB: volumes do not shrink",
          Values.gib(volume.sizeBytes()));
    }
    VolumeOffer offer = null;
    if (call.has("VolumeType") || call.has("Iops")) {
      offer =
          Values.offer(
              call.has("VolumeType") ? call.text("VolumeType") : before.offer().type(),
              call.number("Iops"),
              sizeBytes == null ? volume.sizeBytes() : sizeBytes);
    }
    VolumeOffer changed = offer;
    return () -> {
      UpdateTask task = region.cloud().update(volume.id(), sizeBytes, changed);
      return volumeAnswer(before, task.id());
    };
  }

  private Action.Plan delete(Call call) {
    Region region = call.region();
    Volume volume = volume(region, call.text("VolumeId"));
    List<Path> directories = mounts.directoriesOf(volume.id());
    if (!directories.isEmpty() || volume.state() != VolumeState.AVAILABLE) {
      throw new OapiException(
          Problem.INVALID_VOLUME_STATE,
          "volume %s is %s, and must be available to be deleted",
          volume.id(),
          directories.isEmpty() ? volume.state().text() : "in-use");
    }
    return () -> {
      try {
        region.deleteVolume(volume.id());
      } catch (FirnException e) {
        throw asVolumeState(e);
      }
      return Call.answer();
    };
  }

  private Action.Plan link(Call call) {
    Region region = call.region();
    Volume volume = volume(region, call.text("VolumeId"));
    if (volume.state() != VolumeState.AVAILABLE || !mounts.directoriesOf(volume.id()).isEmpty()) {
      throw new OapiException(
          Problem.INVALID_VOLUME_STATE,
          "volume %s is %s, and must be available to be linked",
          volume.id(),
          volume.state().text());
    }
    String vm = call.text("VmId");
    String device = call.text("DeviceName");
    Path directory = mounts.directory().resolve(vm).resolve(Path.of(device).getFileName());
    return () -> {
      region.cloud().attach(volume.id(), vm, device, directory);
      boolean linked = false;
      try {
        mounts.mount(volume.id(), directory);
        linked = true;
      } catch (FirnException e) {
        throw asVolumeState(e);
      } finally {
        if (!linked) {
          region.cloud().detach(volume.id());
        }
      }
      return Call.answer();
    };
  }

  private Action.Plan unlink(Call call) {
    Region region = call.region();
    Volume volume = volume(region, call.text("VolumeId"));
    Shown shown = shown(region, volume);
    if (!shown.isLinked()) {
      throw new OapiException(
          Problem.VOLUME_NOT_IN_USE, "volume %s is not linked to a machine", volume.id());
    }
    return () -> {
      try {
        mounts.unmount(shown.link().directory(), call.flag("ForceUnlink"));
      } catch (FirnException e) {
        if (e.kind() != ErrorKind.NOT_FOUND) {
          throw asVolumeState(e);
        }
      }
      region.cloud().detach(volume.id());
      return Call.answer();
    };
  }

  private Action.Plan readTasks(Call call) {
    Cloud cloud = call.region().cloud();
    return () -> {
      ObjectNode answer = Call.answer();
      Page.of(call.parameters(), TASKS_BY_DEFAULT)
          .fill(
              answer,
              "VolumeUpdateTasks",
              (after, limit) -> cloud.updates(Page.number(after), limit),
              taskFilters.predicate(call.filters()),
              task -> Page.position(task.number()),
              VolumeCalls::json);
      return answer;
    };
  }

  /** By id alone: names are of the command line. */
  private static Volume volume(Region region, String id) {
    return region.volume(id);
  }

  private static void requireAvailable(Volume volume) {
    if (volume.state() == VolumeState.DELETING) {
      throw new OapiException(
          Problem.INVALID_VOLUME_STATE, "volume %s is being deleted", volume.id());
    }
  }

  private static RuntimeException asVolumeState(FirnException e) {
    return e.kind() == ErrorKind.CONFLICT && e.reason() == null
        ? new OapiException(Problem.INVALID_VOLUME_STATE, "%s", OapiException.of(e).getMessage())
        : e;
  }

  private Shown shown(Region region, Volume volume) {
    Cloud cloud = region.cloud();
    return shown(cloud, cloud.offers(), cloud.attachments(), List.of(volume)).get(0);
  }

  private List<Shown> shown(
      Cloud cloud,
      Map<String, VolumeOffer> offers,
      Map<String, Attachment> links,
      List<Volume> volumes) {
    Map<String, String> tokens = cloud.tokens(volumes.stream().map(Volume::id).toList());
    return volumes.stream()
        .map(volume -> shown(offers, links, tokens.get(volume.id()), volume))
        .toList();
  }

  private Shown shown(
      Map<String, VolumeOffer> offers,
      Map<String, Attachment> links,
      String clientToken,
      Volume volume) {
    Attachment link = links.get(volume.id());
    boolean mounted = link != null && mounts.directoriesOf(volume.id()).contains(link.directory());
    return new Shown(
        volume,
        offers.getOrDefault(volume.id(), VolumeOffer.STANDARD),
        mounted ? link : null,
        clientToken);
  }

  private static ObjectNode volumeAnswer(Shown shown, String taskId) {
    ObjectNode answer = Call.answer();
    answer.set("Volume", json(shown, taskId));
    return answer;
  }

  private static ObjectNode json(Shown shown, String taskId) {
    Volume volume = shown.volume();
    ObjectNode json = Call.answer();
    if (shown.clientToken() != null) {
      json.put("ClientToken", shown.clientToken());
    }
    json.put("CreationDate", Values.time(volume.createdAt()));
    Integer iops = Values.iops(shown.offer(), volume.sizeBytes());
    if (iops != null) {
      json.put("Iops", iops);
    }
    ArrayNode links = json.putArray("LinkedVolumes");
    if (shown.isLinked()) {
      links
          .addObject()
          .put("DeleteOnVmDeletion", false)
          .put("DeviceName", shown.link().deviceName())
          .put("State", "attached")
          .put("VmId", shown.link().vmId())
          .put("VolumeId", volume.id());
    }
    json.put("Size", Values.gib(volume.sizeBytes()));
    if (volume.sourceSnapshotId() != null) {
      json.put("SnapshotId", volume.sourceSnapshotId());
    }
    json.put("State", volume.state().text());
    json.put("SubregionName", volume.subregion());
    Values.putTags(json, volume.tags());
    if (taskId != null) {
      json.put("TaskId", taskId);
    }
    json.put("VolumeId", volume.id());
    json.put("VolumeType", shown.offer().type());
    return json;
  }

  private static JsonNode json(UpdateTask task) {
    ObjectNode json = Call.answer();
    if (task.comment() != null) {
      json.put("Comment", task.comment());
    }
    Instant completedAt = task.completedAt();
    if (completedAt != null) {
      json.put("CompletionDate", Values.time(completedAt));
    }
    json.put("Progress", task.state().equals("completed") ? 100 : 0);
    json.put("StartDate", Values.time(task.startedAt()));
    json.put("State", task.state());
    Values.putTags(json, Map.of());
    json.put("TaskId", task.id());
    json.put("VolumeId", task.volumeId());
    ObjectNode update = json.putObject("VolumeUpdate");
    update.set("Origin", json(task.origin()));
    update.set("Target", json(task.target()));
    return json;
  }

  private static JsonNode json(UpdateTask.Size size) {
    Integer iops = Values.iops(size.offer(), size.sizeBytes());
    return Call.answer()
        .put("Iops", iops == null ? 0 : iops)
        .put("Size", Values.gib(size.sizeBytes()))
        .put("VolumeType", size.offer().type());
  }
}
