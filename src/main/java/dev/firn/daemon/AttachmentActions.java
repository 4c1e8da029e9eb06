package dev.firn.daemon;

import dev.firn.region.Region;
import dev.firn.server.Actions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** The actions that make block volumes devices. */
final class AttachmentActions {
  private final Region region;
  private final AttachmentTable attachments;

  AttachmentActions(Region region, AttachmentTable attachments) {
    this.region = region;
    this.attachments = attachments;
  }

  /**
   * @param fileSystem null: none is made
   * @param directory null: nothing is mounted
   */
  record AttachParameters(String volume, String fileSystem, Path directory) {
    AttachParameters {
      Actions.required("volume", volume);
    }
  }

  /**
   * @param target a volume or a device
   */
  record DetachParameters(String target) {
    DetachParameters {
      Actions.required("target", target);
    }
  }

  void register(Actions actions) {
    actions
        .answer("AttachVolume", AttachParameters.class, this::attach)
        .answer("DetachVolume", DetachParameters.class, this::detach);
  }

  private AttachmentStatus attach(AttachParameters parameters) throws IOException {
    return attachments.attach(
        region.volume(parameters.volume()), parameters.fileSystem(), parameters.directory());
  }

  private Map<String, Object> detach(DetachParameters parameters) throws IOException {
    String target = parameters.target();
    String volume = target.startsWith("/") ? attachments.volumeOf(target) : target;
    attachments.detach(region.volume(volume));
    return Map.of();
  }
}
