package dev.firn.region;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotMetadata;
import dev.firn.snapshot.SnapshotState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;

/** The home's things as {@link CatalogCopy} says them, and as rows again. */
final class CatalogThings {
  static final String REGION = "region";
  private static final String SNAPSHOT_PREFIX = "snap-";
  private static final String VOLUME_PREFIX = "vol-";
  private static final String EVERYBODY = "sharedWithEverybody";
  private static final String SHARED_WITH = "sharedWith";

  private CatalogThings() {}

  /** What there is to say of a thing beside what the store says; null: nothing. */
  static ObjectNode describe(Handle handle, String id) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    if (id.equals(REGION)) {
      describeRegion(handle, json);
    } else if (Image.isId(id)) {
      describeImage(handle, id, json);
    } else if (id.startsWith(SNAPSHOT_PREFIX)) {
      describeSnapshot(handle, id, json);
    } else if (id.startsWith(VOLUME_PREFIX)) {
      describeVolume(handle, id, json);
    } else {
      describeAccount(handle, id, json);
    }
    return json.isEmpty() ? null : json;
  }

  /** What there is to say of all things. */
  static Map<String, JsonNode> all(Handle handle) {
    Map<String, JsonNode> all = new TreeMap<>();
    String ids =
        "SELECT id FROM images UNION SELECT resource_id FROM permissions UNION"
            + " SELECT resource_id FROM tags UNION SELECT volume_id FROM volume_offers";
    for (String id : handle.createQuery(ids).mapTo(String.class).list()) {
      ObjectNode said = describe(handle, id);
      if (said != null) {
        all.put(id, said);
      }
    }
    return all;
  }

  private static void describeRegion(Handle handle, ObjectNode json) {
    String name = RegionRows.name(handle);
    if (name != null) {
      json.put("name", name);
      putAll(json, "subregions", RegionRows.subregions(handle));
    }
  }

  private static void describeAccount(Handle handle, String id, ObjectNode json) {
    Account account = AccountRows.find(handle, id);
    if (account == null) {
      return;
    }
    json.put("name", account.name());
    if (account.createdAt() != null) {
      json.put("createdAt", account.createdAt().toString());
    }
    ObjectNode quotas = json.putObject("quotas");
    for (Quota quota : Quota.values()) {
      long maxValue = QuotaRows.maxValue(handle, id, quota);
      if (maxValue > 0) {
        quotas.put(quota.text(), maxValue);
      }
    }
  }

  private static void describeSnapshot(Handle handle, String id, ObjectNode json) {
    Snapshot snapshot =
        SnapshotRows.find(handle, "s.id", id).stream()
            .filter(row -> row.state() != SnapshotState.ERROR)
            .findFirst()
            .orElse(null);
    if (snapshot == null) {
      return;
    }
    putPermissions(json, PermissionRows.of(handle, id));
    if (!SnapshotMetadata.saysAllOf(snapshot)) {
      json.put("description", snapshot.description());
      putTags(json, snapshot.tags());
    }
  }

  private static void describeVolume(Handle handle, String id, ObjectNode json) {
    Volume volume = VolumeRows.find(handle, "id", id);
    if (volume == null) {
      return;
    }
    VolumeOffer offer = CloudRows.offer(handle, id);
    if (!offer.equals(VolumeOffer.STANDARD)) {
      putOffer(json, offer);
    }
    if (!VolumeMetadata.saysAllOf(volume)) {
      putTags(json, volume.tags());
    }
  }

  private static void describeImage(Handle handle, String id, ObjectNode json) {
    Image image = ImageRows.find(handle, id);
    if (image == null) {
      return;
    }
    json.put("number", image.number());
    json.put("accountId", image.accountId());
    json.put("name", image.name());
    json.put("description", image.description());
    json.put("architecture", image.architecture());
    json.put("rootDeviceName", image.rootDeviceName());
    putAll(json, "productCodes", image.productCodes());
    putAll(json, "bootModes", image.bootModes());
    json.put("tpmMandatory", image.tpmMandatory());
    json.put("createdAt", image.createdAt().toString());
    ArrayNode mappings = json.putArray("mappings");
    for (Image.Mapping mapping : image.mappings()) {
      ObjectNode each = mappings.addObject();
      each.put("deviceName", mapping.deviceName());
      each.put("virtualDeviceName", mapping.virtualDeviceName());
      each.put("snapshotId", mapping.snapshotId());
      each.put("sizeGib", mapping.sizeGib());
      if (mapping.offer() != null) {
        putOffer(each, mapping.offer());
      }
      each.put("deleteOnVmDeletion", mapping.deleteOnVmDeletion());
    }
    putTags(json, image.tags());
    putPermissions(json, PermissionRows.of(handle, id));
  }

  /** Makes the rows of an account, unless it has some already. */
  static void restoreAccount(Handle handle, String id, JsonNode said) {
    String createdAt = said.path("createdAt").asText(null);
    handle.execute(
        "INSERT INTO accounts (id, name, created_at_millis) VALUES (?, ?, ?) ON CONFLICT DO"
            + " NOTHING",
        id,
        said.required("name").asText(),
        createdAt == null ? 0 : Instant.parse(createdAt).toEpochMilli());
    said.path("quotas")
        .properties()
        .forEach(
            quota ->
                handle.execute(
                    "INSERT INTO quotas (account_id, name, max_value) VALUES (?, ?, ?)"
                        + " ON CONFLICT DO NOTHING",
                    id,
                    quota.getKey(),
                    quota.getValue().asLong()));
  }

  /** A snapshot with what its frozen root had no room for. */
  static Snapshot whole(Snapshot snapshot, JsonNode said) {
    return said.has("tags")
        ? snapshot.withWords(said.path("description").asText(snapshot.description()), tags(said))
        : snapshot;
  }

  /** A volume with what its block map had no room for. */
  static Volume whole(Volume volume, JsonNode said) {
    return said.has("tags") ? volume.withTags(tags(said)) : volume;
  }

  /** Makes the rows that a snapshot has beside its own. */
  static void restorePermissions(Handle handle, String id, JsonNode said) {
    List<String> accounts = texts(said.path(SHARED_WITH));
    accounts.forEach(account -> AccountRows.require(handle, account));
    PermissionRows.add(
        handle, id, new Permissions(said.path(EVERYBODY).asBoolean(false), accounts));
  }

  /** Makes the rows that a volume has beside its own. */
  static void restoreOffer(Handle handle, String id, JsonNode said) {
    VolumeOffer offer = offer(said);
    if (offer != null) {
      CloudRows.setOffer(handle, id, offer);
    }
  }

  /** Makes an image again, or answers which of its snapshots is not there. */
  static String restoreImage(Handle handle, String id, JsonNode said) {
    List<Image.Mapping> mappings = new ArrayList<>();
    for (JsonNode each : said.required("mappings")) {
      String snapshot = each.path("snapshotId").asText(null);
      if (snapshot != null && SnapshotRows.find(handle, "s.id", snapshot).isEmpty()) {
        return snapshot;
      }
      mappings.add(
          new Image.Mapping(
              each.required("deviceName").asText(),
              each.path("virtualDeviceName").asText(null),
              snapshot,
              each.path("sizeGib").isNumber() ? each.path("sizeGib").asLong() : null,
              offer(each),
              each.required("deleteOnVmDeletion").asBoolean()));
    }
    Image image =
        new Image(
            id,
            said.required("number").asLong(),
            said.required("accountId").asText(),
            said.required("name").asText(),
            said.required("description").asText(),
            said.required("architecture").asText(),
            said.required("rootDeviceName").asText(),
            texts(said.required("productCodes")),
            texts(said.required("bootModes")),
            said.required("tpmMandatory").asBoolean(),
            mappings,
            tags(said),
            Instant.parse(said.required("createdAt").asText()));
    AccountRows.require(handle, image.accountId());
    ImageRows.insert(handle, image);
    TagRows.copy(handle, image.accountId(), id, image.tags());
    Catalog.raise(handle, "image", image.number());
    restorePermissions(handle, id, said);
    return null;
  }

  static boolean isAccount(String id) {
    return id.matches("[0-9]{12}");
  }

  static boolean isImage(String id) {
    return Image.isId(id);
  }

  static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    list.forEach(each -> texts.add(each.asText()));
    return texts;
  }

  private static void putPermissions(ObjectNode json, Permissions permissions) {
    if (!permissions.equals(Permissions.NONE)) {
      json.put(EVERYBODY, permissions.everybody());
      putAll(json, SHARED_WITH, permissions.accountIds());
    }
  }

  private static void putOffer(ObjectNode json, VolumeOffer offer) {
    json.put("type", offer.type());
    json.put("iops", offer.iops());
  }

  private static VolumeOffer offer(JsonNode said) {
    return said.hasNonNull("type")
        ? new VolumeOffer(
            said.get("type").asText(), said.hasNonNull("iops") ? said.get("iops").asInt() : null)
        : null;
  }

  private static void putTags(ObjectNode json, Map<String, String> tags) {
    ObjectNode object = json.putObject("tags");
    new TreeMap<>(tags).forEach(object::put);
  }

  private static Map<String, String> tags(JsonNode said) {
    Map<String, String> tags = new TreeMap<>();
    said.path("tags").properties().forEach(e -> tags.put(e.getKey(), e.getValue().asText()));
    return tags;
  }

  private static void putAll(ObjectNode json, String name, List<String> texts) {
    ArrayNode list = json.putArray(name);
    texts.forEach(list::add);
  }
}
