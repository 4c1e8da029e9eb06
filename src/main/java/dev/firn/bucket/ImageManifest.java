package dev.firn.bucket;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.region.Image;
import dev.firn.region.VolumeOffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What an exported image is, as a JSON file beside its disks; the form is OUTSCALE's, described in
 * its user guide as <i>Manifest File Reference</i>. One that comes from outside is hostile: its
 * size is limited, and each value is checked.
 */
final class ImageManifest {
  private static final int VERSION = 1;
  private static final int BYTES_MAX = 1 << 20;
  private static final int DISKS_MAX = 64;
  private static final String TYPE = "machine";
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION).build();

  private final String name;
  private final String description;
  private final String architecture;
  private final String user;
  private final String rootDeviceName;
  private final List<String> productCodes;
  private final List<Disk> disks;

  private ImageManifest(
      String name,
      String description,
      String architecture,
      String user,
      String rootDeviceName,
      List<String> productCodes,
      List<Disk> disks) {
    this.name = name;
    this.description = description;
    this.architecture = architecture;
    this.user = user;
    this.rootDeviceName = rootDeviceName;
    this.productCodes = productCodes;
    this.disks = disks;
  }

  /**
   * One disk of an image.
   *
   * @param location a URL by which it can be read
   * @param sizeBytes of the snapshot
   */
  record Disk(
      Image.Mapping mapping,
      String location,
      String fileName,
      long compressedBytes,
      long sizeBytes) {}

  static ImageManifest of(Image image, List<Disk> disks) {
    return new ImageManifest(
        image.name(),
        image.description(),
        image.architecture(),
        image.accountId(),
        image.rootDeviceName(),
        image.productCodes(),
        disks);
  }

  /**
   * Reads the manifest behind a URL.
   *
   * @throws FirnException CORRUPT if it is none
   */
  static ImageManifest fetch(String location, AddressRules rules) throws IOException {
    try (RemoteFile file = RemoteFile.open(location, rules, BYTES_MAX)) {
      return parse(file.readNBytes(BYTES_MAX), file.name());
    }
  }

  /** FirnException CORRUPT if it is none. */
  static ImageManifest parse(byte[] json, String source) throws IOException {
    try {
      JsonNode tree = MAPPER.readTree(json);
      if (tree == null || tree.path("Version").asInt() != VERSION) {
        throw wrong(source, "'Version' is not 1");
      }
      JsonNode image = tree.path("Image");
      String type = text(image, "Type", 32, source);
      if (type != null && !type.equals(TYPE)) {
        throw wrong(source, "'Type' is not machine");
      }
      String architecture = text(image, "Architecture", 32, source);
      if (architecture != null && !Set.of("i386", "x86_64").contains(architecture)) {
        throw wrong(source, "'Architecture' is neither i386 nor x86_64");
      }
      String name = text(image, "Name", 128, source);
      if (name != null && !name.matches("[A-Za-z0-9_ ()/.-]{3,128}")) {
        throw wrong(source, "'Name' is no name of an image");
      }
      String description = text(image, "Description", 255, source);
      List<Disk> disks = disks(image.path("Snapshots"), source);
      return new ImageManifest(
          name,
          description == null ? "" : description,
          architecture == null ? "x86_64" : architecture,
          text(image, "User", 32, source),
          root(disks),
          codes(image.path("ProductTypes"), source),
          disks);
    } catch (JsonProcessingException e) {
      throw wrong(source, "it is no JSON");
    }
  }

  byte[] json() throws IOException {
    ObjectNode tree = MAPPER.createObjectNode().put("Version", VERSION);
    ObjectNode image = tree.putObject("Image");
    image.put("Name", name);
    image.put("Description", description);
    image.put("Architecture", architecture);
    image.put("Type", TYPE);
    image.put("User", user);
    image.put("Public", false);
    ArrayNode codes = image.putArray("ProductTypes");
    productCodes.forEach(codes::add);
    ArrayNode list = image.putArray("Snapshots");
    int ordering = 0;
    for (Disk disk : disks) {
      VolumeOffer offer = disk.mapping().offer();
      list.addObject()
          .put("Ordering", ordering++)
          .put("Device", disk.mapping().deviceName())
          .put("DeleteOnTermination", disk.mapping().deleteOnVmDeletion())
          .put("VolumeType", offer == null ? VolumeOffer.STANDARD.type() : offer.type())
          .put("Iops", offer == null ? null : offer.iops())
          .put("Filename", disk.fileName())
          .put("PreSignedUrl", disk.location())
          .put("CompressedSize", disk.compressedBytes())
          .put("Size", disk.sizeBytes());
    }
    return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(tree);
  }

  /** Null if it does not say. */
  String name() {
    return name;
  }

  String description() {
    return description;
  }

  String architecture() {
    return architecture;
  }

  String rootDeviceName() {
    return rootDeviceName;
  }

  List<String> productCodes() {
    return productCodes;
  }

  /** The disks, as mappings without snapshots yet. */
  List<Image.Mapping> mappings() {
    return disks.stream().map(Disk::mapping).toList();
  }

  /** Where the disks are, and how large, by their devices. */
  Map<String, Image.Source> locations() {
    Map<String, Image.Source> all = new LinkedHashMap<>();
    for (Disk disk : disks) {
      all.put(
          disk.mapping().deviceName(),
          new Image.Source(disk.location(), Import.diskBytes(disk.sizeBytes())));
    }
    return all;
  }

  private static List<Disk> disks(JsonNode list, String source) {
    if (!list.isArray() || list.isEmpty() || list.size() > DISKS_MAX) {
      throw wrong(source, "'Snapshots' is no list of 1 to " + DISKS_MAX);
    }
    List<Disk> disks = new ArrayList<>();
    Set<String> devices = new HashSet<>();
    for (JsonNode each : list) {
      String device = text(each, "Device", 32, source);
      if (device == null
          || !device.matches("/dev/(sda1|(sd|xvd)[a-z][a-z]?[0-9]{0,2})")
          || !devices.add(device)) {
        throw wrong(source, "a 'Device' is no device, or named twice");
      }
      String location = text(each, "PreSignedUrl", 4096, source);
      JsonNode size = each.path("Size");
      if (location == null || !RemoteFile.isUrl(location)) {
        throw wrong(source, "a 'PreSignedUrl' is no URL");
      }
      if (!size.isIntegralNumber()
          || size.asLong() <= 0
          || size.asLong() > Sizes.VOLUME_BYTES_MAX) {
        throw wrong(source, "a 'Size' is no size of a disk in bytes");
      }
      RemoteFile.parse(location);
      long gib = (size.asLong() + Sizes.GIB - 1) / Sizes.GIB;
      disks.add(
          new Disk(
              new Image.Mapping(
                  device,
                  null,
                  null,
                  gib,
                  offer(each, source),
                  each.path("DeleteOnTermination").asBoolean(true)),
              location,
              text(each, "Filename", 1024, source),
              each.path("CompressedSize").asLong(0),
              size.asLong()));
    }
    return disks;
  }

  private static VolumeOffer offer(JsonNode disk, String source) {
    String type = text(disk, "VolumeType", 16, source);
    if (type == null || type.equals(VolumeOffer.STANDARD.type())) {
      return VolumeOffer.STANDARD;
    }
    if (!Set.of("gp2", "io1").contains(type)) {
      throw wrong(source, "a 'VolumeType' is none of standard, gp2, io1");
    }
    int iops = disk.path("Iops").asInt(0);
    if (type.equals("io1") && iops <= 0) {
      throw wrong(source, "a volume of type io1 has no 'Iops'");
    }
    return new VolumeOffer(type, type.equals("io1") ? iops : null);
  }

  private static String root(List<Disk> disks) {
    return disks.stream()
        .map(disk -> disk.mapping().deviceName())
        .filter(device -> device.matches("/dev/(sd|xvd)a1?"))
        .findFirst()
        .orElse(disks.get(0).mapping().deviceName());
  }

  private static List<String> codes(JsonNode list, String source) {
    if (!list.isArray()) {
      throw wrong(source, "'ProductTypes' is missing");
    }
    List<String> codes = new ArrayList<>();
    for (JsonNode each : list) {
      if (!each.isTextual() || !each.asText().matches("[A-Za-z0-9_.-]{1,64}")) {
        throw wrong(source, "one of 'ProductTypes' is no product code");
      }
      codes.add(each.asText());
    }
    return codes.stream().distinct().toList();
  }

  private static String text(JsonNode object, String field, int charactersMax, String source) {
    JsonNode value = object.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    if (!value.isTextual() || value.asText().length() > charactersMax) {
      throw wrong(source, "'" + field + "' is no text of up to " + charactersMax + " characters");
    }
    return value.asText();
  }

  private static FirnException wrong(String source, String what) {
    return FirnException.corrupt("%s is no manifest of an image: %s", source, what);
  }
}
