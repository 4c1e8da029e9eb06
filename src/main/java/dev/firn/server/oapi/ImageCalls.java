package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.Sizes;
import dev.firn.bucket.ImageRequest;
import dev.firn.bucket.Transfers;
import dev.firn.region.Account;
import dev.firn.region.Image;
import dev.firn.region.Images;
import dev.firn.region.Permissions;
import dev.firn.region.Region;
import dev.firn.region.VolumeOffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The actions on machine images. */
final class ImageCalls {
  private static final String SNAPSHOT_ROOT = "bsu";
  private static final Shape NAME =
      Shape.matching(
          "[A-Za-z0-9_ ()/.-]{3,128}",
          Problem.INVALID_IMAGE_NAME,
          "3 to 128 of letters, digits and _ ( ) / . - and spaces");
  private static final Shape BOOT_MODE =
      Shape.oneOf(Problem.INVALID_PARAMETER_VALUE, "uefi", "legacy");
  private static final Shape PRODUCT_CODE =
      Shape.matching(
          "[A-Za-z0-9_.-]{1,64}",
          Problem.INVALID_PARAMETER_VALUE,
          "1 to 64 of letters, digits and _ . -");
  private static final Shape MAPPING =
      Shape.object()
          .optional(
              "Bsu",
              Shape.object()
                  .optional("DeleteOnVmDeletion", Shape.bool())
                  .optional("Iops", Values.IOPS)
                  .optional("SnapshotId", Shape.id("snap"))
                  .optional("VolumeSize", Values.SIZE)
                  .optional("VolumeType", Values.VOLUME_TYPE))
          .optional("DeviceName", Values.DEVICE)
          .optional(
              "VirtualDeviceName",
              Shape.matching(
                  "ephemeral[0-9]{1,2}",
                  Problem.INVALID_BLOCK_DEVICE_MAPPING,
                  "ephemeral and a number"));

  private final Filters<Shown> filters = filters();
  private final Transfers transfers;

  ImageCalls(Transfers transfers) {
    this.transfers = transfers;
  }

  /** An image with what the API says of it besides. */
  private record Shown(
      Image image, Images.State state, Permissions permissions, String accountName) {}

  List<Action> actions() {
    return List.of(
        Action.signed(
            "CreateImage",
            Action.common()
                .optional(
                    "Architecture", Shape.oneOf(Problem.INVALID_PARAMETER_VALUE, "i386", "x86_64"))
                .optional("BlockDeviceMappings", Shape.filledList(MAPPING))
                .optional("BootModes", Shape.list(BOOT_MODE))
                .optional("Description", Shape.text(0, 255))
                .optional("FileLocation", Shape.text(1, 4096))
                .optional("ImageName", NAME)
                .optional("NoReboot", Shape.bool())
                .optional("ProductCodes", Shape.list(PRODUCT_CODE))
                .optional("RootDeviceName", Values.DEVICE)
                .optional("SourceImageId", Shape.id("ami"))
                .optional("SourceRegionName", Shape.text())
                .optional("TpmMandatory", Shape.bool())
                .optional("VmId", Shape.id("i")),
            this::create),
        Action.signed(
            "ReadImages",
            Page.parameters(Action.common().optional("Filters", filters.shape())),
            this::read),
        Action.signed(
            "UpdateImage",
            Action.common()
                .required("ImageId", Shape.id("ami"))
                .optional("Description", Shape.text(0, 255))
                .optional("PermissionsToLaunch", Values.PERMISSIONS_CHANGE)
                .optional("ProductCodes", Shape.list(PRODUCT_CODE)),
            this::update),
        Action.signed(
            "DeleteImage",
            Action.common().required("ImageId", Shape.id("ami")),
            call -> {
              Image image = call.region().images().own(call.text("ImageId"));
              return () -> {
                call.region().images().delete(image.id());
                return Call.answer();
              };
            }));
  }

  private static Filters<Shown> filters() {
    return new Filters<Shown>()
        .text("AccountAliases", Shape.text(), Shown::accountName)
        .text("AccountIds", Values.ACCOUNT_ID, shown -> shown.image().accountId())
        .text("Architectures", Shape.text(), shown -> shown.image().architecture())
        .bools(
            "BlockDeviceMappingDeleteOnVmDeletion",
            shown -> shown.image().mappings().stream().map(m -> m.deleteOnVmDeletion()).toList())
        .texts(
            "BlockDeviceMappingDeviceNames",
            Shape.text(),
            shown -> shown.image().mappings().stream().map(m -> m.deviceName()).toList())
        .texts(
            "BlockDeviceMappingSnapshotIds",
            Shape.text(),
            shown ->
                shown.image().mappings().stream()
                    .filter(m -> m.snapshotId() != null)
                    .map(m -> m.snapshotId())
                    .toList())
        .integers(
            "BlockDeviceMappingVolumeSizes",
            shown ->
                shown.image().mappings().stream()
                    .filter(m -> m.sizeGib() != null)
                    .map(m -> m.sizeGib())
                    .toList())
        .texts(
            "BlockDeviceMappingVolumeTypes",
            Shape.text(),
            shown ->
                shown.image().mappings().stream()
                    .filter(m -> m.offer() != null)
                    .map(m -> m.offer().type())
                    .toList())
        .texts("BootModes", BOOT_MODE, shown -> shown.image().bootModes())
        .text("Descriptions", Shape.text(), shown -> shown.image().description())
        .text("FileLocations", Shape.text(), shown -> location(shown.image()))
        .text("Hypervisors", Shape.text(), shown -> "xen")
        .text("ImageIds", Shape.text(), shown -> shown.image().id())
        .text("ImageNames", Shape.text(), shown -> shown.image().name())
        .texts(
            "PermissionsToLaunchAccountIds",
            Values.ACCOUNT_ID,
            shown -> shown.permissions().accountIds())
        .bool("PermissionsToLaunchGlobalPermission", shown -> shown.permissions().everybody())
        .texts("ProductCodeNames", Shape.text(), shown -> shown.image().productCodes())
        .texts("ProductCodes", Shape.text(), shown -> shown.image().productCodes())
        .text("RootDeviceNames", Shape.text(), shown -> shown.image().rootDeviceName())
        .text("RootDeviceTypes", Shape.text(), shown -> SNAPSHOT_ROOT)
        .bool("SecureBoot", shown -> false)
        .text("States", Shape.text(), shown -> shown.state().text())
        .tags(shown -> shown.image().tags())
        .bool("TpmMandatory", shown -> shown.image().tpmMandatory())
        .text("VirtualizationTypes", Shape.text(), shown -> "hvm");
  }

  private Action.Plan create(Call call) {
    int forms =
        (call.has("BlockDeviceMappings") || call.has("RootDeviceName") ? 1 : 0)
            + (call.has("SourceImageId") || call.has("SourceRegionName") ? 1 : 0)
            + (call.has("FileLocation") ? 1 : 0)
            + (call.has("VmId") ? 1 : 0);
    if (forms == 0) {
      throw new OapiException(
          Problem.MISSING_PARAMETER,
          "'BlockDeviceMappings' and 'RootDeviceName' are missing, or 'SourceImageId' and"
              + " 'SourceRegionName', or 'FileLocation'");
    }
    if (call.has("VmId") && forms == 1) {
      throw new OapiException(Problem.NO_SUCH_VM, "machine %s does not exist", call.text("VmId"));
    }
    if (forms > 1) {
      throw new OapiException(
          Problem.INVALID_PARAMETER_SET,
          "'BlockDeviceMappings', 'SourceImageId', 'FileLocation' and 'VmId' exclude each other");
    }
    if (call.has("FileLocation")) {
      return fetch(call);
    }
    return call.has("BlockDeviceMappings") || call.has("RootDeviceName")
        ? register(call)
        : copy(call);
  }

  private Action.Plan fetch(Call call) {
    Region region = call.region();
    ImageRequest wanted =
        new ImageRequest(
            call.text("ImageName"),
            call.text("Description"),
            call.text("Architecture"),
            call.has("ProductCodes") ? call.texts("ProductCodes") : null,
            call.has("BootModes") ? call.texts("BootModes").stream().distinct().toList() : null,
            call.has("TpmMandatory") ? call.flag("TpmMandatory") : null);
    String location = call.text("FileLocation");
    Transfers.checkLocation(location);
    return () -> answer(region, transfers.importImage(region, location, wanted));
  }

  private Action.Plan register(Call call) {
    Region region = call.region();
    for (String name : List.of("BlockDeviceMappings", "RootDeviceName", "ImageName")) {
      if (!call.has(name)) {
        throw new OapiException(Problem.MISSING_PARAMETER, "'%s' is missing", name);
      }
    }
    List<Image.Mapping> mappings = new ArrayList<>();
    for (JsonNode mapping : call.parameters().get("BlockDeviceMappings")) {
      mappings.add(mapping(region, mapping));
    }
    String architecture = call.text("Architecture");
    Image wanted =
        new Image(
            null,
            0,
            null,
            call.text("ImageName"),
            call.has("Description") ? call.text("Description") : "",
            architecture == null ? "x86_64" : architecture,
            call.text("RootDeviceName"),
            call.texts("ProductCodes").stream().distinct().toList(),
            call.has("BootModes")
                ? call.texts("BootModes").stream().distinct().toList()
                : List.of("legacy"),
            call.flag("TpmMandatory"),
            mappings,
            Map.of(),
            null);
    region.images().check(wanted);
    return () -> answer(region, region.images().create(wanted));
  }

  private static Image.Mapping mapping(Region region, JsonNode given) {
    if (!given.hasNonNull("DeviceName")) {
      throw new OapiException(
          Problem.MISSING_PARAMETER, "'DeviceName' of a block device mapping is missing");
    }
    String device = given.get("DeviceName").asText();
    boolean hasVolume = given.hasNonNull("Bsu");
    if (hasVolume == given.hasNonNull("VirtualDeviceName")) {
      throw new OapiException(
          Problem.INVALID_BLOCK_DEVICE_MAPPING,
          "the mapping of %s needs either 'Bsu' or 'VirtualDeviceName'",
          device);
    }
    if (!hasVolume) {
      return new Image.Mapping(
          device, given.get("VirtualDeviceName").asText(), null, null, null, true);
    }
    JsonNode volume = given.get("Bsu");
    String snapshot = volume.path("SnapshotId").asText(null);
    Long sizeGib = volume.hasNonNull("VolumeSize") ? volume.get("VolumeSize").asLong() : null;
    if (snapshot == null && sizeGib == null) {
      throw new OapiException(
          Problem.INVALID_BLOCK_DEVICE_MAPPING,
          "the mapping of %s needs 'SnapshotId' or 'VolumeSize'",
          device);
    }
    if (sizeGib == null) {
      sizeGib = Values.gib(region.snapshot(snapshot).sizeBytes());
    }
    VolumeOffer offer =
        Values.offer(
            volume.path("VolumeType").asText(null),
            volume.hasNonNull("Iops") ? volume.get("Iops").asLong() : null,
            sizeGib * Sizes.GIB);
    return new Image.Mapping(
        device, null, snapshot, sizeGib, offer, volume.path("DeleteOnVmDeletion").asBoolean(true));
  }

  private Action.Plan copy(Call call) {
    Region region = call.region();
    for (String name : List.of("SourceImageId", "SourceRegionName")) {
      if (!call.has(name)) {
        throw new OapiException(Problem.MISSING_PARAMETER, "'%s' is missing", name);
      }
    }
    if (!call.text("SourceRegionName").equals(region.info().name())) {
      throw new OapiException(
          Problem.NO_SUCH_REGION,
          "'SourceRegionName' must be this Region, '%s'",
          region.info().name());
    }
    Image source = region.images().image(call.text("SourceImageId"));
    return () ->
        answer(
            region,
            region.images().copy(source.id(), call.text("ImageName"), call.text("Description")));
  }

  private Action.Plan read(Call call) {
    Region region = call.region();
    return () -> {
      ObjectNode answer = Call.answer();
      List<Shown> images = shown(region, region.images().all());
      Page.of(call.parameters(), Page.LIMIT_MAX)
          .fill(
              answer,
              "Images",
              Page.of(images, shown -> Page.position(shown.image().number())),
              filters.predicate(call.filters()),
              shown -> Page.position(shown.image().number()),
              ImageCalls::json);
      return answer;
    };
  }

  private Action.Plan update(Call call) {
    Region region = call.region();
    Image image = region.images().own(call.text("ImageId"));
    PermissionsChange change =
        call.has("PermissionsToLaunch")
            ? PermissionsChange.of(call.parameters().get("PermissionsToLaunch"), region.accounts())
            : null;
    return () -> {
      if (change != null && change.adds()) {
        region.images().share(image.id(), change.permissions());
      } else if (change != null) {
        region.images().unshare(image.id(), change.permissions());
      }
      region
          .images()
          .update(
              image.id(),
              call.text("Description"),
              call.has("ProductCodes") ? call.texts("ProductCodes") : null);
      return answer(region, region.images().image(image.id()));
    };
  }

  private static List<Shown> shown(Region region, List<Image> images) {
    Map<String, String> names = new HashMap<>();
    for (Account account : region.accounts().all()) {
      names.put(account.id(), account.name());
    }
    Map<String, Permissions> permissions =
        region.permissionsOf(images.stream().map(Image::id).toList());
    Map<String, Images.State> states = region.images().unavailable();
    return images.stream()
        .map(
            image ->
                new Shown(
                    image,
                    states.getOrDefault(image.id(), Images.State.AVAILABLE),
                    permissions.getOrDefault(image.id(), new Permissions(false, List.of())),
                    names.get(image.accountId())))
        .toList();
  }

  private static ObjectNode answer(Region region, Image image) {
    ObjectNode answer = Call.answer();
    answer.set("Image", json(shown(region, List.of(image)).get(0)));
    return answer;
  }

  /** What an image is called across accounts; where it came from may hold a signature. */
  private static String location(Image image) {
    return image.accountId() + "/" + image.name();
  }

  private static ObjectNode json(Shown shown) {
    Image image = shown.image();
    ObjectNode json = Call.answer();
    if (shown.accountName() != null) {
      json.put("AccountAlias", shown.accountName());
    }
    json.put("AccountId", image.accountId());
    json.put("Architecture", image.architecture());
    ArrayNode mappings = json.putArray("BlockDeviceMappings");
    image.mappings().forEach(mapping -> mappings.add(json(mapping)));
    Values.putTexts(json, "BootModes", image.bootModes());
    json.put("CreationDate", Values.time(image.createdAt()));
    json.put("Description", image.description());
    json.put("FileLocation", location(image));
    json.put("ImageId", image.id());
    json.put("ImageName", image.name());
    json.put("ImageType", "machine");
    Values.putPermissions(json, "PermissionsToLaunch", shown.permissions());
    Values.putTexts(json, "ProductCodes", image.productCodes());
    json.put("RootDeviceName", image.rootDeviceName());
    json.put("RootDeviceType", SNAPSHOT_ROOT);
    json.put("SecureBoot", false);
    json.put("State", shown.state().text());
    Values.putTags(json, image.tags());
    json.put("TpmMandatory", image.tpmMandatory());
    return json;
  }

  private static ObjectNode json(Image.Mapping mapping) {
    ObjectNode json = Call.answer();
    json.put("DeviceName", mapping.deviceName());
    if (mapping.virtualDeviceName() != null) {
      return json.put("VirtualDeviceName", mapping.virtualDeviceName());
    }
    ObjectNode volume = json.putObject("Bsu");
    volume.put("DeleteOnVmDeletion", mapping.deleteOnVmDeletion());
    if (mapping.snapshotId() != null) {
      volume.put("SnapshotId", mapping.snapshotId());
    }
    volume.put("VolumeSize", mapping.sizeGib());
    volume.put("VolumeType", mapping.offer().type());
    Integer iops = Values.iops(mapping.offer(), mapping.sizeGib() * Sizes.GIB);
    if (iops != null) {
      volume.put("Iops", iops);
    }
    return json;
  }
}
