package dev.firn.snapshot;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.firn.store.CorruptDataException;
import dev.firn.vfs.VolumeKind;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the log keeps beside each frozen root, so that the catalog could be made anew from it: a
 * JSON object.
 */
public final class SnapshotMetadata {
  private static final ObjectMapper JSON = new ObjectMapper();

  private SnapshotMetadata() {}

  /** What a block map takes as metadata is about a page; this stays well below. */
  static final int BYTES_MAX = 4000;

  /**
   * The same snapshot gives the same bytes, at most {@link #BYTES_MAX}: tags, and if that is not
   * enough the description, are left out where they would make it more.
   */
  public static byte[] encode(Snapshot snapshot) {
    Map<String, Object> fields = fields(snapshot);
    byte[] bytes = bytes(fields);
    for (String optional : List.of("tags", "description")) {
      if (bytes.length > BYTES_MAX) {
        fields.remove(optional);
        bytes = bytes(fields);
      }
    }
    return bytes;
  }

  /** Whether nothing of this snapshot is left out. */
  public static boolean saysAllOf(Snapshot snapshot) {
    return bytes(fields(snapshot)).length <= BYTES_MAX;
  }

  private static Map<String, Object> fields(Snapshot snapshot) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("id", snapshot.id());
    fields.put("name", snapshot.name());
    fields.put("volumeId", snapshot.volumeId());
    fields.put("volumeName", snapshot.volumeName());
    if (snapshot.kind() != VolumeKind.FILESYSTEM) {
      // As older versions wrote it, where nothing is said.
      fields.put("kind", snapshot.kind().text());
    }
    if (!snapshot.originId().equals(snapshot.id())) {
      fields.put("originId", snapshot.originId());
    }
    fields.put("createdAt", snapshot.createdAt().toString());
    fields.put("sizeBytes", snapshot.sizeBytes());
    fields.put("accountId", snapshot.accountId());
    fields.put("description", snapshot.description());
    fields.put("tags", new TreeMap<>(snapshot.tags()));
    return fields;
  }

  /**
   * The snapshot of which these are the bytes, as far as they tell; completed.
   *
   * @param number of the frozen root that they were beside
   * @param volumeNumber the number of the map that has it
   * @throws CorruptDataException if they are no such bytes
   */
  public static Snapshot decode(byte[] bytes, long number, long volumeNumber)
      throws CorruptDataException {
    try {
      JsonNode fields = JSON.readTree(bytes);
      Map<String, String> tags = new TreeMap<>();
      fields.path("tags").properties().forEach(e -> tags.put(e.getKey(), e.getValue().asText()));
      return new Snapshot(
          fields.required("id").asText(),
          number,
          fields.path("name").asText(null),
          volumeNumber,
          fields.required("volumeId").asText(),
          fields.required("volumeName").asText(),
          VolumeKind.of(fields.path("kind").asText(VolumeKind.FILESYSTEM.text())),
          SnapshotState.COMPLETED,
          100,
          fields.path("description").asText(""),
          fields.required("sizeBytes").asLong(),
          Instant.parse(fields.required("createdAt").asText()),
          tags,
          null,
          fields.path("accountId").asText(Snapshot.OWNER_ACCOUNT_ID),
          fields.path("originId").asText(fields.required("id").asText()));
    } catch (IOException | IllegalArgumentException | DateTimeException e) {
      throw new CorruptDataException(
          "what the log says of snapshot number " + number + " cannot be read", e);
    }
  }

  private static byte[] bytes(Map<String, Object> fields) {
    try {
      return JSON.writeValueAsBytes(fields);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings and numbers always make JSON", e);
    }
  }
}
