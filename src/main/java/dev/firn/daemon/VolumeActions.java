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

  VolumeActions(Region region, MountTable mounts) {
    this.region = region;
    this.mounts = mounts;
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
   * @param problem why it can only be read, and what to do about it, else null
   */
  record VolumeStatus(@JsonUnwrapped Volume volume, List<Path> mountedAt, String problem) {}

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
    return status(region.resizeVolume(parameters.volume(), parameters.sizeBytes()));
  }

  private VolumeStatus rename(RenameParameters parameters) throws IOException {
    return status(region.renameVolume(parameters.volume(), parameters.name()));
  }

  private VolumeStatus delete(Reference reference) throws IOException {
    Volume volume = region.volume(reference.volume());
    mounts.refuseMounted(volume.id(), "volume '" + volume.name() + "'");
    region.deleteVolume(volume.id());
    mounts.forgetTarget(volume.id());
    return status(volume);
  }

  private VolumeStatus status(Volume volume) {
    return new VolumeStatus(volume, mounts.directoriesOf(volume.id()), region.problem(volume.id()));
  }
}
