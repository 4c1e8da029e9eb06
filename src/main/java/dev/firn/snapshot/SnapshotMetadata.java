package dev.firn.snapshot;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
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
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("id", snapshot.id());
    fields.put("name", snapshot.name());
    fields.put("volumeId", snapshot.volumeId());
    fields.put("volumeName", snapshot.volumeName());
    fields.put("createdAt", snapshot.createdAt().toString());
    fields.put("sizeBytes", snapshot.sizeBytes());
    fields.put("description", snapshot.description());
    fields.put("tags", new TreeMap<>(snapshot.tags()));
    byte[] bytes = bytes(fields);
    for (String optional : List.of("tags", "description")) {
      if (bytes.length > BYTES_MAX) {
        fields.remove(optional);
        bytes = bytes(fields);
      }
    }
    return bytes;
  }

  private static byte[] bytes(Map<String, Object> fields) {
    try {
      return JSON.writeValueAsBytes(fields);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings and numbers always make JSON", e);
    }
  }
}
