package dev.firn.daemon;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.firn.region.Region;
import dev.firn.region.Volume;
import dev.firn.region.VolumeRequest;
import dev.firn.server.Actions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The actions on volumes. */
final class VolumeActions {
  private final Region region;
  private final MountTable mounts;
  private final AttachmentTable attachments;

  VolumeActions(Region region, MountTable mounts, AttachmentTable attachments) {
    this.region = region;
    this.mounts = mounts;
    this.attachments = attachments;
  }

  record Reference(String volume) {
    Reference {
      Actions.required("volume", volume);
    }
  }

  record CreateParameters(
      String name,
      String kind,
      Long sizeBytes,
      String sourceSnapshot,
      String subregion,
      String compression) {
    CreateParameters {
      Actions.required("name", name);
    }
  }

  record ResizeParameters(String volume, Long sizeBytes) {
    ResizeParameters {
      Actions.required("volume", volume);
      Actions.required("sizeBytes", sizeBytes);
    }
  }

  record RenameParameters(String volume, String name) {
    RenameParameters {
      Actions.required("volume", volume);
      Actions.required("name", name);
    }
  }

  /**
   * A volume and where it is mounted, as the API shows it.
   *
   * @param device what it is attached as, or null
   * @param problem why it can only be read, and what to do about it, else null
   */
  record VolumeStatus(
      @JsonUnwrapped Volume volume, List<Path> mountedAt, String device, String problem) {}

  void register(Actions actions) {
    actions
        .answer("CreateVolume", CreateParameters.class, this::create)
        .answer("ReadVolumes", DaemonActions.None.class, none -> all())
        .answer("ReadVolume", Reference.class, this::read)
        .answer("ResizeVolume", ResizeParameters.class, this::resize)
        .answer("RenameVolume", RenameParameters.class, this::rename)
        .answer("DeleteVolume", Reference.class, this::delete);
  }

  private VolumeStatus create(CreateParameters parameters) throws IOException {
    return status(
        region.createVolume(
            new VolumeRequest(
                parameters.name(),
                parameters.kind(),
                parameters.sizeBytes(),
                parameters.sourceSnapshot(),
                parameters.subregion(),
                parameters.compression())));
  }

  private Map<String, Object> all() {
    return Map.of("volumes", region.volumes().stream().map(this::status).toList());
  }

  private VolumeStatus read(Reference reference) {
    return status(region.volume(reference.volume()));
  }

  private VolumeStatus resize(ResizeParameters parameters) throws IOException {
    Volume resized = region.resizeVolume(parameters.volume(), parameters.sizeBytes());
    attachments.grown(resized);
    return status(resized);
  }

  private VolumeStatus rename(RenameParameters parameters) throws IOException {
    return status(region.renameVolume(parameters.volume(), parameters.name()));
  }

  private VolumeStatus delete(Reference reference) throws IOException {
    Volume volume = region.volume(reference.volume());
    attachments.refuseAttached(volume);
    mounts.refuseMounted(volume.id(), "volume '" + volume.name() + "'");
    region.deleteVolume(volume.id());
    mounts.forgetTarget(volume.id());
    attachments.forgetVolume(volume.id());
    return status(volume);
  }

  private VolumeStatus status(Volume volume) {
    AttachmentStatus attachment = attachments.of(volume.id());
    return new VolumeStatus(
        volume,
        mounts.directoriesOf(volume.id()),
        attachment == null ? null : attachment.device(),
        region.problem(volume.id()));
  }
}
