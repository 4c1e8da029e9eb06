package dev.firn.region;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.firn.base.Bytes;
import dev.firn.snapshot.Snapshot;
import dev.firn.store.CorruptDataException;
import dev.firn.vfs.VolumeKind;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a block map says of its volume, so that the catalog could be made anew from the store: a
 * JSON object.
 */
final class VolumeMetadata {
  /** Of a map that is there for its snapshots alone: its volume was deleted, or it was imported. */
  static final byte[] NO_VOLUME = Bytes.utf8("{\"volume\":false}");

  private static final ObjectMapper JSON = new ObjectMapper();

  private VolumeMetadata() {}

  /** What a superblock takes is 3,000. */
  private static final int BYTES_MAX = 2_800;

  /**
   * The same volume gives the same bytes, at most {@link #BYTES_MAX}: tags are left out where they
   * would make it more.
   */
  static byte[] encode(Volume volume) {
    Map<String, Object> fields = fields(volume);
    byte[] bytes = bytes(fields);
    if (bytes.length > BYTES_MAX) {
      fields.remove("tags");
      bytes = bytes(fields);
    }
    return bytes;
  }

  /** Whether nothing of this volume is left out. */
  static boolean saysAllOf(Volume volume) {
    return bytes(fields(volume)).length <= BYTES_MAX;
  }

  private static Map<String, Object> fields(Volume volume) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("volume", true);
    fields.put("id", volume.id());
    fields.put("name", volume.name());
    fields.put("kind", volume.kind().text());
    fields.put("sizeBytes", volume.sizeBytes());
    fields.put("sourceSnapshotId", volume.sourceSnapshotId());
    fields.put("createdAt", volume.createdAt().toString());
    fields.put("accountId", volume.accountId());
    fields.put("tags", new TreeMap<>(volume.tags()));
    return fields;
  }

  private static byte[] bytes(Map<String, Object> fields) {
    try {
      return JSON.writeValueAsBytes(fields);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings and numbers always make JSON", e);
    }
  }

  /**
   * The available volume of which these are the bytes; null for {@link #NO_VOLUME}.
   *
   * @throws CorruptDataException if they are neither
   */
  static Volume decode(byte[] bytes, long number, String compression, String subregion)
      throws CorruptDataException {
    try {
      JsonNode fields = JSON.readTree(bytes);
      if (!fields.required("volume").asBoolean()) {
        return null;
      }
      Map<String, String> tags = new TreeMap<>();
      fields.path("tags").properties().forEach(e -> tags.put(e.getKey(), e.getValue().asText()));
      return new Volume(
          fields.required("id").asText(),
          number,
          fields.required("name").asText(),
          VolumeKind.of(fields.required("kind").asText()),
          fields.required("sizeBytes").asLong(),
          VolumeState.AVAILABLE,
          compression,
          subregion,
          fields.path("sourceSnapshotId").asText(null),
          Instant.parse(fields.required("createdAt").asText()),
          fields.path("accountId").asText(Snapshot.OWNER_ACCOUNT_ID),
          tags);
    } catch (IOException | IllegalArgumentException | DateTimeException e) {
      throw new CorruptDataException(
          "what map " + number + " says of its volume cannot be read", e);
    }
  }
}
