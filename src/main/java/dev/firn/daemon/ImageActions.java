package dev.firn.daemon;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.bucket.ImageRequest;
import dev.firn.bucket.Transfers;
import dev.firn.region.ExportTask;
import dev.firn.region.Image;
import dev.firn.region.Images;
import dev.firn.region.Permissions;
import dev.firn.region.Region;
import dev.firn.region.VolumeOffer;
import dev.firn.server.Actions;
import dev.firn.snapshot.Snapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The actions on machine images, and on what goes to buckets. */
final class ImageActions {
  private static final int TASKS_MAX = 100_000;

  private final Region region;
  private final Transfers transfers;

  ImageActions(Region region, Transfers transfers) {
    this.region = region;
    this.transfers = transfers;
  }

  record Reference(String image) {
    Reference {
      Actions.required("image", image);
    }
  }

  /** One disk: the device that machines see it as, and the snapshot it begins as. */
  record DiskParameters(String device, String snapshot) {
    DiskParameters {
      Actions.required("device", device);
      Actions.required("snapshot", snapshot);
    }
  }

  /**
   * @param disks the first has the root device
   * @param productCodes null: none
   */
  record CreateParameters(
      String name,
      String description,
      String architecture,
      List<DiskParameters> disks,
      List<String> productCodes) {
    CreateParameters {
      Actions.required("name", name);
      Actions.required("disks", disks);
      productCodes = productCodes == null ? List.of() : productCodes;
      if (disks.isEmpty()) {
        throw FirnException.usage("an image has a disk at least");
      }
    }
  }

  /**
   * @param name null: the source's
   * @param description null: the source's
   */
  record CopyParameters(String image, String name, String description) {
    CopyParameters {
      Actions.required("image", image);
    }
  }

  /**
   * @param location the pre-signed URL of a manifest
   * @param name null: as the manifest says
   */
  record ImportParameters(String location, String name) {
    ImportParameters {
      Actions.required("location", location);
    }

    /** Without what may be signed. */
    @Override
    public String toString() {
      return String.valueOf(name);
    }
  }

  /**
   * @param accounts null: none by name
   */
  record ShareParameters(String image, List<String> accounts, boolean everybody) {
    ShareParameters {
      Actions.required("image", image);
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
   * @param prefix null: none
   * @param diskFormat qcow2 or raw
   */
  record ExportParameters(
      String image,
      String bucket,
      String prefix,
      String diskFormat,
      String accessKeyId,
      String secretKey) {
    ExportParameters {
      Actions.required("image", image);
      Actions.required("bucket", bucket);
      Actions.required("diskFormat", diskFormat);
      Actions.required("accessKeyId", accessKeyId);
      Actions.required("secretKey", secretKey);
      if (!diskFormat.equals("qcow2") && !diskFormat.equals("raw")) {
        throw FirnException.usage("disks are exported as qcow2 or raw, not '%s'", diskFormat);
      }
    }

    /** Without the secret. */
    @Override
    public String toString() {
      return image + " to " + bucket;
    }
  }

  record TaskParameters(String task) {
    TaskParameters {
      Actions.required("task", task);
    }
  }

  /** An image, whether it can be used, and who may use it besides its owner. */
  record ImageStatus(@JsonUnwrapped Image image, String state, Permissions permissions) {}

  void register(Actions actions) {
    actions
        .answer("CreateImage", CreateParameters.class, this::create)
        .answer("CopyImage", CopyParameters.class, this::copy)
        .answer("ImportImage", ImportParameters.class, this::importImage)
        .answer("ReadImages", DaemonActions.None.class, none -> list())
        .answer("ReadImage", Reference.class, this::read)
        .answer("DeleteImage", Reference.class, this::delete)
        .answer("ShareImage", ShareParameters.class, this::share)
        .answer("UnshareImage", ShareParameters.class, this::unshare)
        .answer("ExportImage", ExportParameters.class, this::export)
        .answer("ReadExportTasks", DaemonActions.None.class, none -> tasks())
        .answer("ReadExportTask", TaskParameters.class, this::task)
        .answer("CancelExportTask", TaskParameters.class, this::cancel);
  }

  private ImageStatus create(CreateParameters parameters) throws IOException {
    List<Image.Mapping> mappings = new ArrayList<>();
    for (DiskParameters disk : parameters.disks()) {
      Snapshot snapshot = region.snapshot(disk.snapshot());
      long gib = (snapshot.sizeBytes() + Sizes.GIB - 1) / Sizes.GIB;
      mappings.add(
          new Image.Mapping(disk.device(), null, snapshot.id(), gib, VolumeOffer.STANDARD, true));
    }
    return status(
        region
            .images()
            .create(
                new Image(
                    null,
                    0,
                    null,
                    parameters.name(),
                    parameters.description() == null ? "" : parameters.description(),
                    parameters.architecture() == null ? "x86_64" : parameters.architecture(),
                    mappings.get(0).deviceName(),
                    parameters.productCodes().stream().distinct().toList(),
                    List.of("legacy"),
                    false,
                    mappings,
                    Map.of(),
                    null)));
  }

  private ImageStatus copy(CopyParameters parameters) throws IOException {
    return status(
        region.images().copy(parameters.image(), parameters.name(), parameters.description()));
  }

  private ImageStatus importImage(ImportParameters parameters) throws IOException {
    return status(
        transfers.importImage(
            region,
            parameters.location(),
            new ImageRequest(parameters.name(), null, null, null, null, null)));
  }

  private Map<String, Object> list() {
    return Map.of("images", statuses(region.images().all()));
  }

  private ImageStatus read(Reference reference) {
    return status(region.images().image(reference.image()));
  }

  private Map<String, Object> delete(Reference reference) {
    region.images().delete(reference.image());
    return Map.of();
  }

  private ImageStatus share(ShareParameters parameters) {
    region.images().share(parameters.image(), parameters.permissions());
    return status(region.images().image(parameters.image()));
  }

  private ImageStatus unshare(ShareParameters parameters) {
    region.images().unshare(parameters.image(), parameters.permissions());
    return status(region.images().image(parameters.image()));
  }

  private ExportTask export(ExportParameters parameters) throws IOException {
    ExportTask.Target target =
        transfers.target(
            parameters.diskFormat(),
            parameters.bucket(),
            parameters.prefix(),
            parameters.accessKeyId());
    return transfers.exportImage(region, parameters.image(), target, parameters.secretKey());
  }

  private Map<String, Object> tasks() {
    return Map.of("tasks", region.exportTasks().after(0, TASKS_MAX));
  }

  private ExportTask task(TaskParameters parameters) {
    return region.exportTasks().task(parameters.task());
  }

  private ExportTask cancel(TaskParameters parameters) {
    return transfers.cancel(region, parameters.task());
  }

  private ImageStatus status(Image image) {
    return statuses(List.of(image)).get(0);
  }

  private List<ImageStatus> statuses(List<Image> images) {
    Map<String, Images.State> unavailable = region.images().unavailable();
    Map<String, Permissions> permissions =
        region.permissionsOf(
            images.stream()
                .filter(image -> image.accountId().equals(region.accountId()))
                .map(Image::id)
                .toList());
    return images.stream()
        .map(
            image ->
                new ImageStatus(
                    image,
                    unavailable.getOrDefault(image.id(), Images.State.AVAILABLE).text(),
                    permissions.get(image.id())))
        .toList();
  }
}
